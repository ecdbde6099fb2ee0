# What the recorded session of hashicorp/aws makes, changes and destroys: a
# group with a launch template behind a target group, and plain instances, of
# which one is attached to it by hand.

terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "5.100.0"
    }
  }
}

provider "aws" {
  region                      = "us-east-1"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

variable "size" { default = 3 }
variable "type" { default = "m5.large" }
variable "role" { default = "data" }

data "aws_vpc" "default" { default = true }

data "aws_subnet" "b" {
  vpc_id            = data.aws_vpc.default.id
  availability_zone = "us-east-1b"
}

resource "aws_launch_template" "search" {
  name                   = "search"
  image_id               = "ami-12c6146b"
  instance_type          = var.type
  update_default_version = true
}

resource "aws_lb_target_group" "search" {
  name     = "search"
  port     = 80
  protocol = "HTTP"
  vpc_id   = data.aws_vpc.default.id
}

resource "aws_autoscaling_group" "search" {
  name                = "search"
  min_size            = 0
  max_size            = 6
  desired_capacity    = var.size
  vpc_zone_identifier = [data.aws_subnet.b.id]
  target_group_arns   = [aws_lb_target_group.search.arn]
  launch_template {
    id      = aws_launch_template.search.id
    version = aws_launch_template.search.latest_version
  }
  tag {
    key                 = "Cluster"
    value               = "search"
    propagate_at_launch = true
  }
}

resource "aws_instance" "node" {
  count         = var.size - 1
  ami           = "ami-12c6146b"
  instance_type = "m5.large"
  subnet_id     = data.aws_subnet.b.id
  tags = {
    Cluster = "search"
    Role    = var.role
  }
}

resource "aws_lb_target_group_attachment" "node" {
  target_group_arn = aws_lb_target_group.search.arn
  target_id        = aws_instance.node[0].id
}
