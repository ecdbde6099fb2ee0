package awssim

// securityGroup is a security group; its rules are nobody's concern here.
type securityGroup struct{ id, name, description string }
