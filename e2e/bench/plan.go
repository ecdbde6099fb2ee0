package main

import (
	"bufio"
	"embed"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// What the official provider planned for one cluster of each fate, cut out of
// the recorded plan: of each kind, by section and fate, the elements that one
// of them has there. What is its own stands between < and >. A fate that a
// section does not name is like the steady one. plan.txt is what is around them,
// in Terraform's order.
//
//go:embed template
var templates embed.FS

// size is how many members each generated cluster has.
const size = 6

// whole is how many resources a cluster has.
const whole = 4*size + 3

// kind is one part of a cluster.
type kind struct {
	name string // type of its resources
	each int    // how many of them a cluster has
}

// kinds are the resources of a cluster, in the order of their addresses, which
// is Terraform's.
func kinds() []kind {
	return []kind{
		{"aws_autoscaling_group", 1},
		{"aws_ebs_volume", size},
		{"aws_instance", size},
		{"aws_launch_template", 1},
		{"aws_lb_target_group", 1},
		{"aws_lb_target_group_attachment", size},
		{"aws_volume_attachment", size},
	}
}

// What the plan does to a cluster.
const (
	steady  = "steady"  // nothing
	shrunk  = "shrunk"  // half of its members go
	gone    = "gone"    // all of it goes
	fresh   = "fresh"   // it is made
	renewed = "renewed" // its members and its target group are replaced
	amended = "amended" // all that can be is updated in place
	strayed = "strayed" // somebody has changed a member by hand
)

// writePlan writes the JSON of a plan with n resources, as terraform show writes
// it, and returns how many clusters it empties. Of five hundred clusters the
// first five change, each in its own way; the last one goes. What is left over
// are instances of one more. It holds one resource at a time.
func writePlan(to io.Writer, n int) (emptied int, err error) {
	w := &writer{Writer: bufio.NewWriterSize(to, 1<<20), clusters: n / whole, left: n % whole}
	around, err := templates.ReadFile("template/plan.txt")
	if err != nil {
		return 0, err
	}
	parts := strings.Split(strings.ReplaceAll(string(around), ",\n", ","), "<")
	w.text(parts[0])
	for _, part := range parts[1:] {
		place, after, _ := strings.Cut(part, ">")
		what, section, _ := strings.Cut(place, " ")
		list := kinds()
		if what == "cluster" {
			list = []kind{{what, 1}}
		}
		w.comma = false
		for _, k := range list {
			if err := w.section(section, k); err != nil {
				return 0, err
			}
		}
		w.text(after)
	}
	return min(w.clusters, 1), w.Flush()
}

// writer writes one plan. Errors stay in it until it is flushed.
type writer struct {
	*bufio.Writer
	clusters, left int // whole ones, and instances of one more
	comma          bool
}

func (w *writer) text(s string) {
	// The first error comes back from Flush.
	_, _ = w.WriteString(s)
}

// section writes what a section says of one kind: in the configuration once for
// a cluster, else of every resource.
func (w *writer) section(name string, k kind) error {
	byFate, err := read(k.name, name)
	if err != nil {
		return err
	}
	for cluster := range w.clusters + 1 {
		count := w.count(k, cluster)
		each := count
		if name == "configuration" {
			each, count = min(count, 1), w.stays(k, cluster)
		}
		for index := range each {
			fate := w.fate(cluster)
			if k.each > 1 && (fate == shrunk && index < size/2 || fate == strayed && index > 0) {
				fate = steady
			}
			cut, known := byFate[fate]
			if !known {
				cut = byFate[steady]
			}
			w.element(cut, cluster, index, count)
		}
	}
	return nil
}

// count is how many of a kind a cluster has.
func (w *writer) count(k kind, cluster int) int {
	switch {
	case cluster < w.clusters:
		return k.each
	case k.name == "aws_instance":
		return w.left
	}
	return 0
}

// stays is how many of them the configuration asks for.
func (w *writer) stays(k kind, cluster int) int {
	if w.fate(cluster) == shrunk {
		return size / 2
	}
	return w.count(k, cluster)
}

func (w *writer) fate(cluster int) string {
	fates := [...]string{shrunk, fresh, renewed, amended, strayed}
	switch at := cluster % 500; {
	case cluster == w.clusters-1:
		return gone
	case cluster < w.clusters && at < len(fates):
		return fates[at]
	}
	return steady
}

// element writes the elements of a list or an object that are about one
// resource. Between two of its parts stands what is its own.
func (w *writer) element(parts []string, cluster, index, count int) {
	if len(parts) == 0 { // it is not in this section
		return
	}
	if w.comma {
		w.text(",")
	}
	w.comma = true
	for i, part := range parts {
		if i%2 == 1 {
			part = own(part, cluster, index, count)
		}
		w.text(part)
	}
}

// own is what a resource has for itself: ids and addresses of the length that
// AWS gives them.
func own(what string, cluster, index, count int) string {
	name, width, _ := strings.Cut(what, ":")
	member := cluster*size + index
	switch name {
	case "cluster":
		return fmt.Sprintf("search-%05d", cluster)
	case "index":
		return strconv.Itoa(index)
	case "count":
		return strconv.Itoa(count)
	case "template", "target", "group": // a cluster has one
		member = cluster * size
	}
	// Two multiplications by odd numbers: every member has an id of its own, and
	// neighbours have none alike.
	mixed := (uint64(member) + 1) * 0x9e3779b97f4a7c15
	a, b, c := byte(mixed>>8), byte(mixed>>16), byte(mixed>>24)
	switch name {
	case "dot":
		return fmt.Sprintf("%d.%d.%d", a, b, c)
	case "dash":
		return fmt.Sprintf("%d-%d-%d", a, b, c)
	}
	for _, letter := range name {
		mixed = (mixed ^ uint64(letter)) * 0xbf58476d1ce4e5b9
	}
	digits := fmt.Sprintf("%020d", mixed)
	if strings.HasSuffix(width, "x") {
		digits = fmt.Sprintf("%020x", mixed)
	}
	n, _ := strconv.Atoi(strings.TrimRight(width, "dx"))
	return digits[len(digits)-n:]
}

// read reads what a section says of one kind, by fate, cut where something of
// its own stands.
func read(kind, section string) (map[string][]string, error) {
	text, err := templates.ReadFile("template/" + kind + ".json")
	if err != nil {
		return nil, err
	}
	var all map[string]map[string]json.RawMessage
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, fmt.Errorf("%s: %w", kind, err)
	}
	out := map[string][]string{}
	for fate, elements := range all[section] {
		out[fate] = cut(elements, fate, all)
	}
	return out, nil
}

// cut cuts elements into what all have and, between, what each has for itself.
// What a change says of before and after is in the sections about them.
func cut(elements json.RawMessage, fate string, all map[string]map[string]json.RawMessage) []string {
	text := string(elements)
	for mark, section := range map[string]string{"prior": "prior_state", "planned": "planned_values"} {
		stored, known := all[section][fate]
		if !known {
			stored = all[section][steady]
		}
		var resources []struct {
			Values    json.RawMessage `json:"values"`
			Sensitive json.RawMessage `json:"sensitive_values"`
		}
		// Outputs are no list, and no change is made of them.
		if json.Unmarshal(stored, &resources) != nil || len(resources) == 0 {
			continue
		}
		text = strings.ReplaceAll(text, `"<`+mark+` values>"`, string(resources[0].Values))
		text = strings.ReplaceAll(text, `"<`+mark+` sensitive>"`, string(resources[0].Sensitive))
	}
	text = strings.NewReplacer(`"<index>"`, "<index>", `"<count>"`, "<count>").Replace(text)
	return strings.FieldsFunc(text[1:len(text)-1], func(r rune) bool { return r == '<' || r == '>' })
}
