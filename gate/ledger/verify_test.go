package ledger

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/holdfast-gate/holdfast/gate"
)

// small is a ledger with a chain of each cluster, and marks that stay.
func small(t *testing.T, clusters ...string) *memory {
	t.Helper()
	m := newMemory()
	l := over(m)
	exit := 1
	for _, cluster := range clusters {
		first, second := NewRun(), NewRun()
		intent := record(Intent, cluster, first)
		intent.Token, intent.Ends = 3, []string{"i-1", "i-2"}
		mustAppend(t, l, intent)
		outcome := record(Outcome, cluster, first)
		outcome.Exit = &exit
		mustAppend(t, l, outcome)
		given := record(Overridden, cluster, second)
		given.Override = &gate.Override{Code: "budget.breached", Plan: "aa", Reason: "r", By: "arn", At: time.Now(), Expires: time.Now().Add(time.Hour)}
		mustAppend(t, l, given)
		mustAppend(t, l, record(Intent, cluster, second))
		mustAppend(t, l, record(Refused, cluster, NewRun()))
	}
	return m
}

func recordsOf(m *memory) []string {
	keys := slices.Sorted(maps.Keys(m.values))
	return slices.DeleteFunc(keys, func(k string) bool { return !strings.HasPrefix(k, recordPrefix) })
}

// found fails unless verify finds something in what change left.
func found(t *testing.T, m *memory, what string, change func(*memory)) {
	t.Helper()
	changed := m.copied()
	change(changed)
	faults, _, err := over(changed).Verify(t.Context())
	if err != nil || len(faults) == 0 {
		t.Errorf("%s: got no fault (error %v), want one", what, err)
	}
	for _, f := range faults {
		if f.Text == "" || strings.Contains(f.Text, "\n") {
			t.Errorf("%s: got %q, want one sentence", what, f.Text)
		}
	}
}

func TestVerifyFindsEveryEditedByte(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := small(t, "search")
		intact(t, m, 5)
		for key, v := range m.values {
			for i := range v.data {
				flips := []byte{0x01}
				if i%3 == 0 {
					flips = append(flips, 0x20) // lower for upper case: JSON knows names by either
				}
				for _, flip := range flips {
					data := slices.Clone(v.data)
					data[i] ^= flip
					found(t, m, fmt.Sprintf("%s, byte %d ^ %02x", key, i, flip), func(m *memory) { m.put(key, data) })
				}
			}
			found(t, m, key+" with a byte more", func(m *memory) { m.put(key, append(slices.Clone(v.data), '\n')) })
			found(t, m, key+" with a byte less", func(m *memory) { m.put(key, v.data[:len(v.data)-1]) })
			found(t, m, key+" emptied", func(m *memory) { m.put(key, nil) })
		}
	})
}

func TestVerifyFindsCutsSwapsAndRenames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := small(t, "search", "queue")
		keys := recordsOf(m)
		for i, key := range keys {
			found(t, m, "without "+key, func(m *memory) { delete(m.values, key) })
			chain, seq, _ := place(key)
			found(t, m, "cut from "+key, func(m *memory) {
				for _, k := range keys {
					if c, s, _ := place(k); c == chain && s >= seq {
						delete(m.values, k)
					}
				}
			})
			if seq > 1 {
				found(t, m, "cut up to before "+key, func(m *memory) {
					for _, k := range keys {
						if c, s, _ := place(k); c == chain && s < seq {
							delete(m.values, k)
						}
					}
				})
			}
			for _, other := range keys[i+1:] {
				found(t, m, key+" swapped with "+other, func(m *memory) {
					m.values[key], m.values[other] = m.values[other], m.values[key]
				})
				found(t, m, key+" over "+other, func(m *memory) { m.values[other] = m.values[key] })
				found(t, m, other+" over "+key, func(m *memory) { m.values[key] = m.values[other] })
			}
			for _, to := range []string{recordKey(chain, 6), recordKey(chain, 99), recordKey("123456789012/other", 1), recordPrefix + chain + "/1.json", recordPrefix + chain + "/0000000000.json",
				recordPrefix + "x", recordPrefix + "a/b/c/0000000001.json", strings.TrimSuffix(key, "n")} {
				found(t, m, key+" copied to "+to, func(m *memory) { m.values[to] = m.values[key] })
				found(t, m, key+" renamed to "+to, func(m *memory) { m.values[to] = m.values[key]; delete(m.values, key) })
			}
		}
	})
}

func TestVerifyFindsWhatIsDoneToHeads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := small(t, "search", "queue")
		a, b := headKey("123456789012/search"), headKey("123456789012/queue")
		found(t, m, "a head removed", func(m *memory) { delete(m.values, a) })
		found(t, m, "heads swapped", func(m *memory) { m.values[a], m.values[b] = m.values[b], m.values[a] })
		found(t, m, "a head of nothing", func(m *memory) { m.values[headKey("none/gone")] = m.values[a] })
		found(t, m, "a head elsewhere", func(m *memory) { m.values[headPrefix+"x"] = m.values[a] })
		e, err := over(m).Find(t.Context(), "search/3")
		if err != nil {
			t.Fatal(err)
		}
		found(t, m, "a head two records behind", func(m *memory) {
			data, _ := after(e.Record, e.SHA256).bytes()
			m.put(a, data)
		})
		h, _, _ := over(m).head(t.Context(), "123456789012/search")
		found(t, m, "a head without its marks", func(m *memory) {
			h.Marks = nil
			data, _ := h.bytes()
			m.put(a, data)
		})
	})
}

// A change of two clusters binds their chains to each other.
func TestVerifyMissesAChainThatOthersReferTo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		r := record(Intent, "", NewRun())
		r.Judged(gate.Input{}, gate.Verdict{Account: "123456789012"})
		if _, err := over(m).Each(t.Context(), []string{"a", "b"}, r); err != nil {
			t.Fatal(err)
		}
		intact(t, m, 2)
		found(t, m, "all of a chain removed", func(m *memory) {
			delete(m.values, recordKey("123456789012/a", 1))
			delete(m.values, headKey("123456789012/a"))
		})
	})
}

// One record behind is what a crash leaves, and the next append mends it.
func TestALaggingHeadIsNoFault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := small(t, "search", "queue")
		e, err := over(m).Find(t.Context(), "search/4")
		if err != nil {
			t.Fatal(err)
		}
		data, _ := after(e.Record, e.SHA256).bytes()
		m.put(headKey(e.Chain), data)
		intact(t, m, 10)
		mustAppend(t, over(m), record(Refused, "search", NewRun()))
		intact(t, m, 11)
		if h, _, _ := over(m).head(t.Context(), e.Chain); h.Seq != 6 {
			t.Errorf("got head at %d, want 6", h.Seq)
		}
	})
}

// What no crash leaves is not built upon.
func TestNothingIsAppendedToADamagedChain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for what, change := range map[string]func(*memory){
			"a head set back":  func(m *memory) { rewind(t, m, 2) },
			"a head removed":   func(m *memory) { delete(m.values, headKey("123456789012/search")) },
			"a head edited":    func(m *memory) { m.put(headKey("123456789012/search"), []byte("{}\n")) },
			"a record in wait": func(m *memory) { m.put(recordKey("123456789012/search", 6), []byte("{}")) },
		} {
			m := small(t, "search", "queue")
			change(m)
			_, err := over(m).Append(t.Context(), record(Intent, "search", NewRun()))
			if err == nil || !strings.Contains(err.Error(), "record verify") {
				t.Errorf("%s: got error %v, want one that names record verify", what, err)
			}
		}
	})
}

func rewind(t *testing.T, m *memory, seq int) {
	t.Helper()
	e, err := over(m).Find(context.Background(), fmt.Sprintf("search/%d", seq))
	if err != nil {
		t.Fatal(err)
	}
	data, _ := after(e.Record, e.SHA256).bytes()
	m.put(headKey(e.Chain), data)
}

func TestVerifyIsNoProofWhenSomethingCannotBeRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := small(t, "search", "queue")
		for stop := 1; stop <= 12; stop++ {
			again := m.copied()
			again.stopAt = stop
			if _, _, err := over(again).Verify(t.Context()); err == nil || !strings.Contains(err.Error(), "nothing is proved") {
				t.Errorf("stopped at %d: got error %v, want that nothing is proved", stop, err)
			}
		}
	})
}

// TestVerifyWhileOthersAppend runs both at once: a chain that grows is intact.
func TestVerifyWhileOthersAppend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := small(t, "search", "queue")
		verifying := false
		m.disturb = func(op, _ string, _ int) error {
			if verifying && op == "read" {
				// Two more records between any two looks.
				grow(m, 2)
			}
			return nil
		}
		verifying = true
		faults, _, err := over(m).Verify(t.Context())
		if err != nil || len(faults) > 0 {
			t.Errorf("got %v, %v, want an intact ledger", faults, err)
		}
	})
}

// grow appends records as an honest writer does, inside of another operation.
func grow(m *memory, n int) {
	chain := Chain("123456789012", "search")
	h, _ := decodeHead(m.values[headKey(chain)].data)
	for range n {
		r := record(Refused, "search", "aa")
		r.FormatVersion, r.At = FormatVersion, time.Now()
		data, next, err := seal(r, chain, h)
		if err != nil {
			panic(err)
		}
		m.put(recordKey(chain, next.Seq), data)
		moved, _ := next.bytes()
		m.put(headKey(chain), moved)
		h = next
	}
}

func FuzzRecord(f *testing.F) {
	f.Add([]byte(`{"format_version":"1.0","chain":"123456789012/search","seq":1,"kind":"intent","account":"123456789012","cluster":"search"}`))
	f.Add([]byte(`{"format_version":"1.0","chain":"123456789012/search","seq":1,"kind":"override","override":{"expires":"9999-12-31T23:59:59+23:59"},"marks":[{"kind":"intent"}]}`))
	f.Add([]byte(`{"seq":1e99,"input":{"plan":[[[[`))
	f.Add([]byte(strings.Repeat(`{"input":`, 20000)))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, data []byte) {
		const chain = "123456789012/search"
		m := newMemory()
		m.put(recordKey(chain, 1), data)
		e, err := decode(chain, 1, data)
		faults, _, verifyErr := over(m).Verify(t.Context())
		if verifyErr != nil || (err == nil) != (len(faults) == 0) && e.Record.Previous == "" && len(e.Record.Marks) == 0 && e.Record.Fence == 0 {
			t.Errorf("decode says %v, and verify finds %v, %v", err, faults, verifyErr)
		}
		// Nobody builds on it, unless it is a record.
		_, err = over(m).Append(t.Context(), record(Refused, "search", "aa"))
		if err == nil {
			if faults, _, _ := over(m).Verify(t.Context()); len(faults) > 0 {
				t.Errorf("appended to a chain that does not verify: %v", faults)
			}
		}
		if _, err := e.Whole(); err == nil && len(e.verdict) > 0 {
			_, _, _ = Replay(e, nil, "v1")
		}
		if !bytes.Equal(e.Data, data) {
			t.Error("the bytes are not those that were read")
		}
		_, _, _ = over(m).Recent(t.Context(), "123456789012", "search", time.Hour)
		_, _ = json.Marshal(e.Record)
	})
}
