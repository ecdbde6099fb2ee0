package main

import (
	"cmp"
	"os"
	"slices"
	"strings"
)

// sleeper writes a file in which every mutant sleeps.
type sleeper struct {
	src   []byte
	edits []edit // outer ones before those inside of them
}

// edit replaces length bytes by a text.
type edit struct {
	at, length int
	text       string
	closes     bool // it stands at the end of something
}

func (s *sleeper) read(path string) (err error) {
	s.src, err = os.ReadFile(path)
	return err
}

// asleep applies the edits. Where several meet, what ends there is closed from
// the inside out before what begins there is opened from the outside in.
func (s *sleeper) asleep() string {
	var closing, opening []edit
	for _, e := range s.edits {
		if e.closes {
			closing = append(closing, e)
		} else {
			opening = append(opening, e)
		}
	}
	slices.Reverse(closing)
	edits := slices.Concat(closing, opening)
	slices.SortStableFunc(edits, func(a, b edit) int { return cmp.Compare(a.at, b.at) })
	var out strings.Builder
	at := 0
	for _, e := range edits {
		out.Write(s.src[at:e.at])
		out.WriteString(e.text)
		at = e.at + e.length
	}
	out.Write(s.src[at:])
	return out.String()
}

// switches is laid into every package: the mutants' beds, and the clock that
// wakes one of them.
const switches = `
import (
	"cmp"
	"os"
	"slices"
	"strconv"
)

var mutantAwake = func() int { n, _ := strconv.Atoi(os.Getenv("MUTANT")); return n }()

func mutantIs(id int) bool { return mutantAwake == id }

func mutantBool(id int, op string, x bool, y func() bool) bool {
	if (op == "&&") != mutantIs(id) {
		return x && y()
	}
	return x || y()
}

func mutantOrder[T cmp.Ordered](id int, op, other, third string, x, y T) bool {
	switch mutantAwake {
	case id:
		op = other
	case id + 1:
		op = third
	}
	switch op {
	case "<":
		return x < y
	case "<=":
		return x <= y
	case ">":
		return x > y
	}
	return x >= y
}

type mutantNumeric interface {
	~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~float32 | ~float64
}

func mutantNumber[T mutantNumeric](id int, op, other string, x, y T) T {
	if mutantIs(id) {
		op = other
	}
	switch op {
	case "+":
		return x + y
	case "-":
		return x - y
	case "*":
		return x * y
	}
	return x / y
}

func mutantNext[T mutantNumeric](id int, v T) T {
	if mutantIs(id) {
		return v + 1
	}
	return v
}

func mutantmin[T cmp.Ordered](id int, all ...T) T {
	if mutantIs(id) {
		return slices.Max(all)
	}
	return slices.Min(all)
}

func mutantmax[T cmp.Ordered](id int, all ...T) T {
	if mutantIs(id) {
		return slices.Min(all)
	}
	return slices.Max(all)
}
`
