resource "aws_sqs_queue" "q" {
  name = "b"
}

resource "aws_sqs_queue" "same" {
  name = var.name
}
