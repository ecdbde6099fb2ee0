package terraform

import (
	"errors"
	"io"
	"strings"
	"testing"
)

// show is asked only where state pull gives nothing that can be read: it loads
// the schema of every provider.
func TestStateIsPulledAndShownOnlyWhereThatFails(t *testing.T) {
	strange := errors.New("strange")
	for _, tt := range []struct {
		part    string
		refused string // what read refuses
		want    string // the subcommands that read was handed the output of
		err     string
	}{
		{"state", "", "state", ""},
		{"state is not pulled", "", " show", ""},
		{"state", "state", "state show", ""},
		{"show fails", "", " ", "Failed to load plugin schemas"},
	} {
		tool, _ := fake(t, tt.part)
		var read []string
		err := tool.State(t.Context(), func(r io.Reader) error {
			text, err := io.ReadAll(r)
			word := strings.TrimSpace(string(text))
			read = append(read, word)
			if tt.refused != "" && word == tt.refused {
				return strange
			}
			return err
		})
		if got := strings.Join(read, " "); got != tt.want || (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%s: read %q and got %v, want %q and %q", tt.part, got, err, tt.want, tt.err)
		}
	}
}
