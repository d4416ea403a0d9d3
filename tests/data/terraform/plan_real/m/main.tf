resource "terraform_data" "many" {
  for_each = toset(["b", "c"])
  input    = each.key
}
