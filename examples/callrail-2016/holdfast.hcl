data "calls" {
  ids = ["calls"]
  lag = "30s"
}
