package container

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/zstd"
)

const secret = "secret-7c1e55d0"

// entry is a member of a tar; with link, a link to another of this type.
type entry struct {
	name, content string
	link          string
	kind          byte
}

func tarOf(t *testing.T, entries ...entry) string {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range entries {
		header := &tar.Header{Name: e.name, Size: int64(len(e.content)), Mode: 0o644, Typeflag: tar.TypeReg}
		if e.kind != 0 {
			header.Typeflag, header.Linkname = e.kind, e.link
		}
		if err := w.WriteHeader(header); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, e.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func compressed(t *testing.T, w io.WriteCloser, b *bytes.Buffer, text string) string {
	t.Helper()
	_, err := io.WriteString(w, text)
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func gzipped(t *testing.T, text string) string {
	var b bytes.Buffer
	return compressed(t, gzip.NewWriter(&b), &b, text)
}

func zstded(t *testing.T, text string) string {
	var b bytes.Buffer
	w, err := zstd.NewWriter(&b)
	if err != nil {
		t.Fatal(err)
	}
	return compressed(t, w, &b, text)
}

// saved is an image as containerd's store saves it: the table of contents last.
func saved(t *testing.T, config string, layers ...string) string {
	entries := []entry{{name: "blobs/"}, {name: "blobs/sha256/c", content: config}}
	entries[0].kind = tar.TypeDir
	var names []string
	for i, l := range layers {
		name := "blobs/sha256/" + string(rune('0'+i))
		names = append(names, `"`+name+`"`)
		entries = append(entries, entry{name: name, content: l})
	}
	return tarOf(t, append(entries, entry{name: "index.json", content: `{"` + secret + `": "is the image's name"}`},
		entry{name: "manifest.json", content: `[{"Config": "blobs/sha256/c", "RepoTags": ["` + secret + `"], "Layers": [` + strings.Join(names, ",") + `]}]`})...)
}

func TestSearch(t *testing.T) {
	with := tarOf(t, entry{name: "a"}, entry{name: "etc/token", content: "x" + secret})
	without := tarOf(t, entry{name: "etc/hosts", content: "127.0.0.1"})
	far := tarOf(t, entry{name: "far", content: strings.Repeat("x", 64<<10-3) + secret})
	many := make([]entry, 30)
	for i := range many {
		many[i] = entry{name: strings.Repeat("n", i+1), content: secret}
	}
	token := []Hit{{Layer: 0, Path: "/etc/token"}}
	tests := map[string]struct {
		archive string
		want    []Hit
	}{
		"nowhere":         {saved(t, `{}`, without), []Hit{}},
		"plain":           {saved(t, `{}`, with), token},
		"gzip":            {saved(t, `{}`, gzipped(t, with)), token},
		"zstd":            {saved(t, `{}`, zstded(t, with)), token},
		"over a border":   {saved(t, `{}`, far), []Hit{{Layer: 0, Path: "/far"}}},
		"deleted later":   {saved(t, `{}`, with, tarOf(t, entry{name: "etc/.wh.token"})), token},
		"in the history":  {saved(t, `{"history": [{"created_by": "RUN echo `+secret+`"}]}`, without), []Hit{{Layer: -1}}},
		"in a name":       {saved(t, `{}`, without, tarOf(t, entry{name: "./" + secret})), []Hit{{Layer: 1, Path: "/" + secret}}},
		"a hard link":     {saved(t, `{}`, tarOf(t, entry{name: "etc/token", content: secret}, entry{name: "b", link: "etc/token", kind: tar.TypeLink})), token},
		"a symbolic link": {saved(t, `{}`, tarOf(t, entry{name: "b", link: secret, kind: tar.TypeSymlink})), []Hit{{Layer: 0, Path: "/b"}}},
		"no files":        {saved(t, `{}`, strings.Repeat("\x00", 1024), with), []Hit{{Layer: 1, Path: "/etc/token"}}},
		"a layer twice, as older engines save it": {tarOf(t,
			entry{name: "manifest.json", content: `[{"Config": "c.json", "Layers": ["1/layer.tar", "2/layer.tar"]}]`},
			entry{name: "1/layer.tar", content: with}, entry{name: "2/layer.tar", link: "../1/layer.tar", kind: tar.TypeSymlink},
			entry{name: "repositories", content: `{"` + secret + `": {}}`}, entry{name: "c.json", content: `{}`},
		), append(token, Hit{Layer: 1, Path: "/etc/token"})},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			hits, err := search(strings.NewReader(tt.archive), secret)
			if err != nil || !reflect.DeepEqual(hits, tt.want) {
				t.Errorf("%v, %v; want %v", hits, err, tt.want)
			}
		})
	}
	if hits, err := search(strings.NewReader(saved(t, `{}`, tarOf(t, many...))), secret); err != nil || len(hits) != maxHits {
		t.Errorf("of many there are %d, %v", len(hits), err)
	}
}

// What could not be read to its end must not pass for clean.
func TestSearchOfWhatIsBroken(t *testing.T) {
	layer := tarOf(t, entry{name: "etc/token", content: strings.Repeat("x", 5000) + secret})
	whole := saved(t, `{}`, layer)
	for name, archive := range map[string]string{
		"empty":              "",
		"cut off":            whole[:4096],
		"the engine's error": whole[:2560] + `{"message": "no such blob"}` + strings.Repeat(" ", 600),
		"a cut layer":        saved(t, `{}`, gzipped(t, layer)[:40]),
		"no layer":           tarOf(t, entry{name: "manifest.json", content: `[{"Layers": ["gone"]}]`}),
		"two images":         tarOf(t, entry{name: "manifest.json", content: `[{}, {}]`}),
	} {
		if hits, err := search(strings.NewReader(archive), secret); err == nil {
			t.Errorf("%s: found %v", name, hits)
		}
	}
}

func TestHolds(t *testing.T) {
	for name, r := range map[string]io.Reader{
		"byte by byte": iotest.OneByteReader(strings.NewReader("abcabd")),
		"at once":      strings.NewReader("abcabd"),
		"with its end": iotest.DataErrReader(strings.NewReader("xxabd")),
	} {
		if found, err := holds(r, []byte("abd")); !found || err != nil {
			t.Errorf("%s: %v, %v", name, found, err)
		}
	}
	for at := 64<<10 - 10; at < 64<<10+10; at++ {
		if found, err := holds(strings.NewReader(strings.Repeat("a", at)+"ab"), []byte("aab")); !found || err != nil {
			t.Fatalf("at %d: %v, %v", at, found, err)
		}
	}
	if found, err := holds(strings.NewReader("ab"), []byte("abd")); found || err != nil {
		t.Errorf("half: %v, %v", found, err)
	}
	if _, err := holds(iotest.TimeoutReader(iotest.OneByteReader(strings.NewReader("xyz"))), []byte("abd")); err == nil {
		t.Error("an error gets lost")
	}
}

func TestInJSON(t *testing.T) {
	for _, document := range []string{`{"a": ["x<s>\"q\"y"]}`, `{"a": {"\u003cs\u003e\"q\"": 1}}`} {
		if !inJSON([]byte(document), `<s>"q"`) {
			t.Errorf("not in %s", document)
		}
	}
	if inJSON([]byte(`{"a": "<s>"}`), `<s>"q"`) {
		t.Error("found what is not there")
	}
}

func TestSearchAllAtOnce(t *testing.T) {
	image := saved(t, `{"a":"`+secret+`"}`, gzipped(t, tarOf(t, entry{name: "one", content: "first"}, entry{name: "two", content: "second " + secret})))
	found, err := searchAll(strings.NewReader(image), []string{secret, "first", "nowhere"})
	want := map[string][]Hit{secret: {{Layer: -1}, {Layer: 0, Path: "/two"}}, "first": {{Layer: 0, Path: "/one"}}, "nowhere": {}}
	if err != nil || !reflect.DeepEqual(found, want) {
		t.Errorf("%v, %v", found, err)
	}
	for name, broken := range map[string]io.Reader{
		"that ends early":     strings.NewReader(image[:len(image)/2]),
		"that cannot be read": io.MultiReader(strings.NewReader(image[:1024]), iotest.ErrReader(errors.New("gone"))),
	} {
		if _, err := searchAll(broken, []string{secret, "first"}); err == nil {
			t.Errorf("an image %s is searched without an error", name)
		}
	}
}
