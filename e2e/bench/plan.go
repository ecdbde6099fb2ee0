package main

import (
	"bufio"
	_ "embed"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// What the official provider wrote for one instance, its own parts cut out.
//
//go:embed template/instance.json
var instanceJSON string

// What of an instance it marks as sensitive: nothing, at length.
//
//go:embed template/sensitive.json
var sensitiveJSON string

// The configuration of the provider.
//
//go:embed template/provider.json
var providerJSON string

// size is how many members each generated cluster has.
const size = 6

// writePlan writes the JSON of a plan with n instances, as terraform show writes
// it, and returns how many clusters it empties. The instances are in clusters of
// six. Every hundredth cluster goes to three; the last whole one, to nothing. It
// holds one instance at a time.
func writePlan(to io.Writer, n int) (emptied int, err error) {
	w := &writer{Writer: bufio.NewWriterSize(to, 1<<20), n: n}
	w.text(`{"applyable":true,"complete":true,"configuration":{"provider_config":`, providerJSON, `,"root_module":{"resources":[`)
	w.each(size, w.configured)
	w.text(`],"variables":{"endpoint":{"default":"http://127.0.0.1:5566"},"nodes":{"default":6}}}},"errored":false,"format_version":"1.2","planned_values":{"root_module":{"resources":[`)
	w.each(1, w.planned)
	w.text(`]}},"prior_state":{"format_version":"1.0","terraform_version":"1.11.4","values":{"root_module":{"resources":[`)
	w.each(1, w.stored)
	w.text(`]}}},"resource_changes":[`)
	w.each(1, w.change)
	w.text(`],"terraform_version":"1.11.4","timestamp":"2026-11-21T23:24:44Z","variables":{"endpoint":{"value":"http://127.0.0.1:5566"},"nodes":{"value":"3"}}}`, "\n")
	if n >= size {
		emptied = 1
	}
	return emptied, w.Flush()
}

// writer writes one plan. Errors stay in it until it is flushed.
type writer struct {
	*bufio.Writer
	n     int
	comma bool
}

func (w *writer) text(parts ...string) {
	for _, p := range parts {
		// The first error comes back from Flush.
		_, _ = w.WriteString(strings.TrimSuffix(p, "\n"))
	}
}

// each calls f for every step-th instance; f begins what it writes with next.
func (w *writer) each(step int, f func(i int)) {
	w.comma = false
	for i := 0; i < w.n; i += step {
		f(i)
	}
}

// next begins an element of a list.
func (w *writer) next(text string) {
	if w.comma {
		w.text(",")
	}
	w.comma = true
	w.text(text)
}

// deleted reports whether the plan deletes an instance.
func (w *writer) deleted(i int) bool {
	cluster := i / size
	return cluster == w.n/size-1 || cluster%100 == 0 && i%size >= size/2
}

func cluster(i int) string { return fmt.Sprintf("search-%05d", i/size) }

func (w *writer) configured(i int) {
	w.next(`{"address":"aws_instance.` + cluster(i) + `","count_expression":{"references":["var.nodes"]},"expressions":{"ami":{"constant_value":"ami-12c6146b"},` +
		`"instance_type":{"constant_value":"t3.micro"},"tags":{"references":["count.index"]}},"mode":"managed","name":"` + cluster(i) + `","provider_config_key":"aws","schema_version":2,"type":"aws_instance"}`)
}

// head is the members that an instance has in every section.
func head(i int) string {
	index := strconv.Itoa(i % size)
	return `"address":"aws_instance.` + cluster(i) + `[` + index + `]","index":` + index + `,"mode":"managed","name":"` + cluster(i) + `","provider_name":"registry.terraform.io/hashicorp/aws","type":"aws_instance"`
}

func (w *writer) planned(i int) {
	if !w.deleted(i) {
		w.stored(i)
	}
}

func (w *writer) stored(i int) {
	w.next(`{` + head(i) + `,"schema_version":2,"sensitive_values":`)
	w.text(sensitiveJSON, `,"values":`, values(i), `}`)
}

func (w *writer) change(i int) {
	is := values(i)
	w.next(`{` + head(i))
	if w.deleted(i) {
		w.text(`,"action_reason":"delete_because_count_index","change":{"actions":["delete"],"after":null,"after_sensitive":false`)
	} else {
		w.text(`,"change":{"actions":["no-op"],"after":`, is, `,"after_sensitive":`, sensitiveJSON)
	}
	w.text(`,"after_unknown":{},"before":`, is, `,"before_sensitive":`, sensitiveJSON, `}}`)
}

// values are the attributes of one instance: ids and addresses of its own, of
// the length that AWS gives them.
func values(i int) string {
	// Two multiplications by odd numbers: every instance has an id of its own, and
	// neighbours have none alike.
	mixed := (uint64(i) + 1) * 0x9e3779b97f4a7c15
	a, b, c := byte(mixed>>8), byte(mixed>>16), byte(mixed>>24)
	return strings.NewReplacer(
		"{hex}", fmt.Sprintf("%017x", mixed*0xbf58476d1ce4e5b9),
		"{dash}", fmt.Sprintf("%d-%d-%d", a, b, c),
		"{dot}", fmt.Sprintf("%d.%d.%d", a, b, c),
		"{cluster}", cluster(i),
		"{index}", strconv.Itoa(i%size),
	).Replace(strings.TrimSpace(instanceJSON))
}
