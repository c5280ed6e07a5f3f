"""What tells genres apart: SVM, networks, and heads on pretrained teachers, trained, stored and asked alike."""
