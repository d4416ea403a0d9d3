resource "aws_s3_bucket" "before" {
  bucket = "b"
}

resource "aws_s3_bucket" "broken" {
  bucket = = "x"
}

resource "aws_s3_bucket" "unclosed" {
  tags = {

resource "aws_s3_bucket" "after" {
  bucket = "a"
}
