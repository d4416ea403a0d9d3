//! Small repositories, made with git2 itself.
