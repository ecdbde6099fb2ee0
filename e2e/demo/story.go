package demo

import (
	"context"
	"time"

	"github.com/holdfast-gate/holdfast/gate/awssim"
)

// stories are the incidents, in the order in which they are played.
func stories() []story {
	return []story{
		parakeet(),
		customerio(),
		kustomer(),
		callrail2016(),
		callrail2019(),
	}
}

// A story is one incident, up to the apply that did the harm.
type story struct {
	name    string // its folder in examples, "parakeet-2018"
	example string // the folder below that whose main.tf and holdfast.hcl are played; empty is the incident's own
	year    int
	title   string // "The Parakeet outage of 2 January 2018"
	plot    string // what happens, in lines that end with a newline and are at most 96 wide

	past   time.Duration                      // how long before the present the worlds begin
	before func(context.Context, *play) error // makes happen what happened before the apply, and marks its scenes
	args   []string                           // of the apply, besides those that ask for no questions
	tells  []string                           // how those lines of terraform's output begin that say what it does; the plan's and the apply's sums are shown besides

	// What is at stake, read from a world: it is called after each request, and
	// may ask the world only, not the console.
	state  func(*awssim.World) string // now, in a few signs or words: one cell of the table
	legend func(*awssim.World) string // who is who and what the signs mean, in lines; the same in both worlds when all has been made
	over   func(*awssim.World) string // the second line of a column's heading, as wide as a cell can be

	aftermath time.Duration      // how long the worlds go on after the apply
	outcome   func(*play) string // what is left in the end, in a few words
	left      string             // what the last row of the table is called, and what it says
	final     func(*play) string
	lost      string // the outcome under terraform
	kept      string // the outcome under holdfast
	code      string // what holdfast refuses it for; there may be more
}
