package gate

import (
	"fmt"
	"strings"
)

// Validate refuses a suite that could not be trusted: a check without a name,
// a doc or a function, or two of one name.
func Validate(suite []*Check) error {
	seen := map[string]bool{}
	for _, c := range suite {
		title, rest, _ := strings.Cut(c.Doc, "\n\n")
		switch {
		case c.Name == "" || strings.ToLower(c.Name) != c.Name:
			return fmt.Errorf("check %q: the name must be lower-case", c.Name)
		case seen[c.Name]:
			return fmt.Errorf("check %q is listed twice", c.Name)
		case title == "" || rest == "" || strings.Contains(title, "\n"):
			return fmt.Errorf("check %q: the doc needs a title line, a blank line and a reason", c.Name)
		case (c.Asks == nil) != (len(c.May) == 0):
			return fmt.Errorf("check %q: a check that asks says in May for what, and only such a check", c.Name)
		case c.Run == nil:
			return fmt.Errorf("check %q has nothing to run", c.Name)
		}
		seen[c.Name] = true
	}
	return nil
}
