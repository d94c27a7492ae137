package ledger_test

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"labctl.dev/labctl/internal/ledger"
)

func names(t *testing.T, l *ledger.Ledger) []string {
	t.Helper()
	pending, err := l.Pending()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, p := range pending {
		names = append(names, p.Name)
	}
	return names
}

func begin(t *testing.T, l *ledger.Ledger, name string) ledger.Token {
	t.Helper()
	token, err := l.Begin(ledger.Entry{Kind: ledger.KindProcess, Name: name})
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func equal(t *testing.T, got []string, want ...string) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("pending: got %v, want %v", got, want)
	}
	for i := range got {
		if got[i] != want[i] {
			t.Fatalf("pending: got %v, want %v", got, want)
		}
	}
}

func TestPendingIsNewestFirst(t *testing.T) {
	l := ledger.At(filepath.Join(t.TempDir(), "ledger"))
	equal(t, names(t, l))
	begin(t, l, "a")
	b := begin(t, l, "b")
	begin(t, l, "c")
	if err := l.End(b); err != nil {
		t.Fatal(err)
	}
	equal(t, names(t, l), "c", "a")
}

func TestAnotherProcessSeesTheEntries(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger")
	begin(t, ledger.At(path), "a")
	equal(t, names(t, ledger.At(path)), "a")
}

func TestTornLastLineIsIgnoredAndReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger")
	l := ledger.At(path)
	begin(t, l, "a")
	appendTo(t, path, `{"begin":"XYZ","ent`)
	equal(t, names(t, l), "a")
	begin(t, l, "b")
	equal(t, names(t, l), "b", "a")
}

func TestDamageInTheMiddleIsReported(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger")
	l := ledger.At(path)
	begin(t, l, "a")
	appendTo(t, path, "not json\n")
	begin(t, l, "b")
	var corrupt *ledger.CorruptError
	if _, err := l.Pending(); !errors.As(err, &corrupt) || corrupt.Line != 2 {
		t.Fatalf("got %v, want a CorruptError of line 2", err)
	}
}

func TestDamagedLastWholeLineIsReported(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger")
	l := ledger.At(path)
	begin(t, l, "a")
	appendTo(t, path, "not json\n")
	var corrupt *ledger.CorruptError
	if _, err := l.Pending(); !errors.As(err, &corrupt) {
		t.Fatalf("got %v, want a CorruptError", err)
	}
}

func TestConcurrentWritersKeepEveryLine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			l := ledger.At(path) // as another process would
			for range 10 {
				token, err := l.Begin(ledger.Entry{Kind: ledger.KindDir, Name: "x"})
				if err == nil {
					err = l.End(token)
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	equal(t, names(t, ledger.At(path)))
	if _, err := os.Stat(path); err != nil {
		t.Fatal(err)
	}
}

func appendTo(t *testing.T, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// Root writes the ledger in a directory that is a user's.
func TestALinkIsNotFollowed(t *testing.T) {
	target, path := filepath.Join(t.TempDir(), "target"), filepath.Join(t.TempDir(), "ledger")
	if err := os.Symlink(target, path); err != nil {
		t.Fatal(err)
	}
	if _, err := ledger.At(path).Begin(ledger.Entry{Kind: ledger.KindProcess, Name: "a"}); err == nil {
		t.Error("written through a link")
	}
	if _, err := os.Stat(target); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the target is there: %v", err)
	}
}
