package lines_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/holdfast-gate/holdfast/gate/lines"
)

func TestSetsSaysOnlyWhatIsCertain(t *testing.T) {
	dir := t.TempDir()
	text := `
variable "size" { default = 3 }
variable "asked" {}
resource "aws_autoscaling_group" "literal" { desired_capacity = 4 }
resource "aws_autoscaling_group" "default" { desired_capacity = var.size }
resource "aws_autoscaling_group" "asked" { desired_capacity = var.asked }
resource "aws_autoscaling_group" "computed" { desired_capacity = var.size + 1 }
resource "aws_autoscaling_group" "left" { min_size = 1 }
resource "aws_autoscaling_group" "ignored" {
  desired_capacity = 4
  min_size         = 2
  lifecycle { ignore_changes = [desired_capacity] }
}
resource "aws_autoscaling_group" "all" {
  desired_capacity = 4
  lifecycle { ignore_changes = all }
}
resource "aws_instance" "node" { instance_type = "t3.micro" }
`
	if err := os.WriteFile(filepath.Join(dir, "main.tf"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c := &lines.Configuration{Dir: dir, Base: dir}
	for _, x := range []struct {
		address, name, want string
		defaults            bool
	}{
		{"aws_autoscaling_group.literal", "desired_capacity", "4", false},
		{"aws_autoscaling_group.default", "desired_capacity", "3", true},
		{"aws_autoscaling_group.default", "desired_capacity", "", false},
		{"aws_autoscaling_group.asked", "desired_capacity", "", true},
		{"aws_autoscaling_group.computed", "desired_capacity", "", true},
		{"aws_autoscaling_group.left", "desired_capacity", "", true},
		{"aws_autoscaling_group.ignored", "desired_capacity", "", true},
		{"aws_autoscaling_group.ignored", "min_size", "2", true},
		{"aws_autoscaling_group.all", "desired_capacity", "", true},
		{"aws_instance.node[2]", "instance_type", "t3.micro", true},
		{"module.gone.aws_instance.node", "instance_type", "", true},
	} {
		if got, ok := c.Sets(x.address, x.name, x.defaults); got != x.want || ok != (x.want != "") {
			t.Errorf("%s.%s, defaults %v: got %q, %v, want %q", x.address, x.name, x.defaults, got, ok, x.want)
		}
	}
}
