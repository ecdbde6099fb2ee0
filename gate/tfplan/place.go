package tfplan

import (
	"slices"
	"strings"

	"github.com/holdfast-gate/holdfast/gate"
)

// stripKey takes the last instance key off an address and reports whether
// there was one: module.a[0].aws_instance.b["x"] -> module.a[0].aws_instance.b.
func stripKey(address string) (resource string, indexed bool) {
	spans := keys(address)
	if len(spans) == 0 {
		return address, false
	}
	last := spans[len(spans)-1]
	if last[1] != len(address) {
		return address, false
	}
	return address[:last[0]], true
}

// stripKeys takes all instance keys off an address: what remains is the place
// in the configuration.
func stripKeys(address string) string {
	var b strings.Builder
	from := 0
	for _, k := range keys(address) {
		b.WriteString(address[from:k[0]])
		from = k[1]
	}
	b.WriteString(address[from:])
	return b.String()
}

// keys finds the instance keys of an address. A key of for_each is a quoted
// string and may itself hold brackets and dots.
func keys(address string) [][2]int {
	var spans [][2]int
	begin, quoted := -1, false
	for i := 0; i < len(address); i++ {
		switch c := address[i]; {
		case quoted && c == '\\':
			i++
		case begin >= 0 && c == '"':
			quoted = !quoted
		case quoted:
		case c == '[' && begin < 0:
			begin = i
		case c == ']' && begin >= 0:
			spans = append(spans, [2]int{begin, i + 1})
			begin = -1
		}
	}
	return spans
}

// whereabouts names the attributes that say where a change is, or what it is
// attached to.
func whereabouts() []string {
	return []string{"id", "region", "arn", "target_group_arn", "lb_target_group_arn", "availability_zone", "instance_id", "target_id"}
}

// isRegion reports whether s is the name of a region, of any partition: us-east-1,
// us-gov-west-1, eusc-de-east-1. That is three or more parts: two to four letters,
// words, and a number of one or two digits.
func isRegion(s string) bool {
	first, rest, _ := strings.Cut(s, "-")
	last := strings.LastIndexByte(rest, '-')
	if len(first) < 2 || len(first) > 4 || !within(first, 'a', 'z') || last < 0 {
		return false
	}
	for word := range strings.SplitSeq(rest[:last], "-") {
		if word == "" || !within(word, 'a', 'z') {
			return false
		}
	}
	number := rest[last+1:]
	return len(number) >= 1 && len(number) <= 2 && within(number, '0', '9')
}

// ofZone is the region of a zone, empty if s is no name of one. A local zone
// (us-west-2-lax-1a) is none here: what comes before its letter is not a region.
func ofZone(s string) string {
	if n := len(s) - 1; n > 0 && within(s[n:], 'a', 'z') && isRegion(s[:n]) {
		return s[:n]
	}
	return ""
}

// isAccount reports whether s is the number of an account.
func isAccount(s string) bool { return len(s) == 12 && within(s, '0', '9') }

// within reports whether every byte of s lies between two.
func within(s string, low, high byte) bool {
	for i := range len(s) {
		if s[i] < low || s[i] > high {
			return false
		}
	}
	return true
}

// regionOf is the region a change says it is in, empty when it does not. The
// object that is there now comes first: it is the one that can be lost.
func regionOf(c *gate.Change) string {
	sides := []gate.Attrs{c.Before, c.After}
	// Version 6 of the AWS provider gives every regional resource a region.
	for _, side := range sides {
		if r := side.String("region"); isRegion(r) {
			return r
		}
	}
	for _, side := range sides {
		if r, _ := fromARN(side); r != "" {
			return r
		}
	}
	for _, side := range sides {
		if r := ofZone(side.String("availability_zone")); r != "" {
			return r
		}
	}
	return ""
}

// accountOf is the account that an ARN of a change names, empty when none does.
func accountOf(c *gate.Change) string {
	for _, side := range []gate.Attrs{c.Before, c.After} {
		if _, a := fromARN(side); a != "" {
			return a
		}
	}
	return ""
}

// fromARN takes region and account from the first ARN that has both. An
// attachment has no ARN of its own and lies where its target group is.
func fromARN(a gate.Attrs) (region, account string) {
	for _, name := range []string{"arn", "target_group_arn", "lb_target_group_arn"} {
		// arn:partition:service:region:account:resource
		part := strings.SplitN(a.String(name), ":", 6)
		if len(part) == 6 && part[0] == "arn" && isRegion(part[3]) && isAccount(part[4]) {
			return part[3], part[4]
		}
	}
	return "", ""
}

// locate fills in the regions that changes do not say themselves, and lists all
// regions and accounts. It never looks at the environment: that is the gate's,
// not the plan's.
func (d *decoder) locate() error {
	p := &places{config: d.config}
	lists := [][]gate.Change{d.plan.Changes, d.plan.Drift}
	regions, accounts := map[string]bool{}, map[string]bool{}
	wanted := map[string]bool{} // instances that are where something is that does not say it
	asks := func(c gate.Change) {
		if id := about(&c); id != "" && c.Region == "" && d.config.region(c.Address) == "" {
			wanted[id] = true
		}
	}
	for _, c := range slices.Concat(lists...) {
		asks(c)
	}
	for _, w := range d.aside.wheres.places {
		regions[w.region], accounts[w.account] = true, true
	}
	var err error
	if lost := d.aside.wheres.lost; len(lost) > 0 {
		err = d.aside.each(lost, whereabouts(), func(c gate.Change) bool {
			asks(c)
			p.fill(&c)
			regions[c.Region], accounts[c.Account] = true, true
			return true
		})
	}
	if err == nil && len(wanted) > 0 {
		p.members, err = d.members(wanted)
	}
	for _, list := range lists {
		for i := range list {
			if c := &list[i]; gate.KeptAttributes(c.Type) != nil {
				p.fill(c)
				regions[c.Region], accounts[c.Account] = true, true
			}
		}
	}
	d.plan.Regions, d.plan.Accounts = named(regions), named(accounts)
	if d.aside.n > 0 {
		d.aside.places = p
		d.plan.Aside = d.aside
	}
	return err
}

// members are the regions of those of the plan's own instances that are wanted,
// by id.
func (d *decoder) members(wanted map[string]bool) (map[string]string, error) {
	out := map[string]string{}
	note := func(c gate.Change) bool {
		if c.Type == "aws_instance" && wanted[c.ID] {
			out[c.ID] = c.Region
		}
		return true
	}
	for _, c := range d.plan.Changes {
		note(c)
	}
	return out, d.aside.each([]string{"aws_instance"}, whereabouts(), note)
}

// places is what tells where a change is that does not say it itself.
type places struct {
	config  *configuration
	members map[string]string // where the plan's own instances are, for what is attached to them
}

// fill fills in the region of a change from its provider block, else from the
// instance it is attached to; and the bucket that it is about.
func (p *places) fill(c *gate.Change) {
	if gate.KeptAttributes(c.Type) == nil {
		return
	}
	if c.Region == "" {
		c.Region = p.config.region(c.Address)
	}
	if c.Region == "" {
		c.Region = p.members[about(c)]
	}
	if strings.HasPrefix(c.Type, "aws_s3_bucket_") && slices.Contains(c.Unknown, "bucket") {
		c.Bucket = p.config.buckets[stripKeys(c.Address)]
	}
}

// about is the id of the instance that a change is attached to, empty when it
// names none.
func about(c *gate.Change) string {
	for _, side := range []gate.Attrs{c.Before, c.After} {
		for _, name := range []string{"instance_id", "target_id"} {
			if id := side.String(name); id != "" {
				return id
			}
		}
	}
	return ""
}

func named(set map[string]bool) []string {
	var names []string
	for name := range set {
		if name != "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
