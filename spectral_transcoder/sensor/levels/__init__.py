"""Levels as all behind the reading has them: in order, in one of two cadences, corrected, in blocks, re full scale."""
