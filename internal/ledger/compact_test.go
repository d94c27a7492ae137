package ledger_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"labctl.dev/labctl/internal/ledger"
)

func size(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestCompactLeavesWhatIsOpen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger")
	l := ledger.At(path)
	must(t, l.Compact()) // of nothing
	begin(t, l, "a")
	for range 20 {
		must(t, l.End(begin(t, l, "ended")))
	}
	b := begin(t, l, "b")
	must(t, os.Chmod(path, 0o640))
	before := size(t, path)
	appendTo(t, path, `{"begin":"TORN","ent`)
	must(t, os.WriteFile(path+".new", []byte("left by a crash"), 0o600))
	must(t, l.Compact())
	equal(t, names(t, l), "b", "a")
	if after := size(t, path); after > before/10 {
		t.Errorf("%d bytes, of %d before", after, before)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("its rights are %v, %v", info.Mode(), err)
	}
	must(t, l.End(b)) // tokens stay what they are
	begin(t, l, "c")
	equal(t, names(t, l), "c", "a")
	if _, err := os.Stat(path + ".new"); err == nil {
		t.Error("it left a file")
	}
}

func TestCompactTidiesWhatIsLarge(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger")
	l := ledger.At(path)
	token := begin(t, l, strings.Repeat("x", 100))
	must(t, l.End(token))
	before := size(t, path)
	must(t, l.Tidy())
	if size(t, path) != before {
		t.Error("a small one was rewritten")
	}
	must(t, l.End(begin(t, l, strings.Repeat("x", 1<<20))))
	must(t, l.Tidy())
	if after := size(t, path); after != 0 {
		t.Errorf("%d bytes are left", after)
	}
}

func TestCompactKeepsDamageForWhoReportsIt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger")
	l := ledger.At(path)
	must(t, l.End(begin(t, l, "a")))
	appendTo(t, path, "not json\n")
	begin(t, l, "b")
	before, _ := os.ReadFile(path)
	if err := l.Compact(); err == nil {
		t.Error("compacted what cannot be read")
	}
	if after, err := os.ReadFile(path); err != nil || string(after) != string(before) {
		t.Errorf("it was changed: %v", err)
	}
}

func TestCompactFollowsNoLink(t *testing.T) {
	dir, path := t.TempDir(), filepath.Join(t.TempDir(), "ledger")
	target := filepath.Join(dir, "target")
	must(t, os.WriteFile(target, []byte("mine"), 0o600))
	l := ledger.At(path)
	must(t, l.End(begin(t, l, "a")))
	must(t, os.Symlink(target, path+".new"))
	must(t, l.Compact())
	must(t, os.Remove(path))
	must(t, os.Symlink(target, path))
	if err := l.Compact(); err == nil {
		t.Error("compacted a link")
	}
	if data, err := os.ReadFile(target); err != nil || string(data) != "mine" {
		t.Errorf("the target holds %q, %v", data, err)
	}
}

// compacting is what the process that is killed does: it says what is begun as soon
// as that is on disk, and compacts without end.
const compacting = "LEDGER_TO_COMPACT"

func TestMain(m *testing.M) {
	path, asked := os.LookupEnv(compacting)
	if !asked {
		os.Exit(m.Run())
	}
	l := ledger.At(path)
	for i := 0; ; i++ {
		name := fmt.Sprintf("%d-%d", os.Getpid(), i)
		if _, err := l.Begin(ledger.Entry{Kind: ledger.KindDir, Name: name}); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println(name)
		ended, err := l.Begin(ledger.Entry{Kind: ledger.KindDir, Name: "ended"})
		if err == nil {
			err = l.End(ended)
		}
		if err == nil {
			err = l.Compact()
		}
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
	}
}

// TestKilledWhileCompacting kills at any moment: nothing that was said to be on
// disk is lost, and the ledger can be read and written.
func TestKilledWhileCompacting(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger")
	var said []string
	for round := range 12 {
		c := exec.Command(os.Args[0])
		c.Env = append(os.Environ(), compacting+"="+path)
		out, err := c.StdoutPipe()
		must(t, err)
		must(t, c.Start())
		lines := bufio.NewScanner(out)
		for i := 0; i <= round && lines.Scan(); i++ {
			said = append(said, lines.Text())
		}
		must(t, c.Process.Kill())
		for lines.Scan() {
			said = append(said, lines.Text())
		}
		_ = c.Wait() // it was killed
		l := ledger.At(path)
		there := names(t, l)
		for _, name := range said {
			if !slices.Contains(there, name) {
				t.Fatalf("round %d: %s is lost", round, name)
			}
		}
		must(t, l.Compact())
		equal(t, names(t, l), there...)
	}
}
