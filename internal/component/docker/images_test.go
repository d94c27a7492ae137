package docker

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/volume"
	"github.com/docker/docker/client"

	"labctl.dev/labctl/internal/component"
	"labctl.dev/labctl/internal/container"
)

// shelf is a user's engine, as far as images and volumes go.
type shelf struct {
	images  map[string]string // IDs by names
	volumes map[string]map[string]string
	loaded  int
}

func (s *shelf) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_, what, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/") // behind the version
	ref := strings.TrimSuffix(strings.TrimPrefix(what, "images/"), "/json")
	switch {
	case what == "images/load":
		data, _ := io.ReadAll(r.Body)
		list, _ := container.Contents(bytes.NewReader(data))
		for _, content := range list {
			s.images[content.Ref] = content.IDs[0]
		}
		s.loaded++
		fmt.Fprint(w, `{"stream":"done"}`)
	case strings.HasPrefix(what, "images/") && s.images[ref] == "":
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, `{"message":"no such image"}`)
	case strings.HasPrefix(what, "images/") && r.Method == http.MethodDelete:
		delete(s.images, ref)
		fmt.Fprint(w, `[]`)
	case strings.HasPrefix(what, "images/"):
		_ = json.NewEncoder(w).Encode(map[string]string{"Id": s.images[ref]})
	case what == "volumes/create":
		var v volume.CreateOptions
		_ = json.NewDecoder(r.Body).Decode(&v)
		s.volumes[v.Name] = v.Labels
		_ = json.NewEncoder(w).Encode(volume.Volume{Name: v.Name})
	case what == "volumes":
		list := volume.ListResponse{}
		for name, labels := range s.volumes {
			if _, has := labels[imagesLabel]; has {
				list.Volumes = append(list.Volumes, &volume.Volume{Name: name, Labels: labels})
			}
		}
		_ = json.NewEncoder(w).Encode(list)
	case r.Method == http.MethodDelete:
		delete(s.volumes, path.Base(what))
	}
}

// images is an archive of images, each NAME=ID.
func archiveOf(t *testing.T, images ...string) io.Reader {
	t.Helper()
	type image struct {
		Config   string
		RepoTags []string
	}
	var list []image
	for _, i := range images {
		ref, id, _ := strings.Cut(i, "=")
		list = append(list, image{id + ".json", []string{ref}})
	}
	data, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	if err := w.WriteHeader(&tar.Header{Name: "manifest.json", Size: int64(len(data)), Mode: 0o644}); err != nil {
		t.Fatal(err)
	}
	_, _ = w.Write(data)
	_ = w.Close()
	return &b
}

func TestImagesAreSharedAndReturned(t *testing.T) {
	s := &shelf{images: map[string]string{"postgres:17": "sha256:pg", "labctl.dev/same:v1": "sha256:same"}, volumes: map[string]map[string]string{"data": nil}}
	server := httptest.NewServer(s)
	defer server.Close()
	api, err := client.NewClientWithOpts(client.WithHost("tcp://"+server.Listener.Addr().String()), client.WithVersion("1.45"))
	if err != nil {
		t.Fatal(err)
	}
	docker := &container.Client{API: api}
	env := func(id string) component.Spec {
		return component.Spec{ID: id, Dir: filepath.Join(t.TempDir())}
	}
	a, b := env("a"), env("b")
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	lab := []string{"labctl.dev/web:v1=1", "labctl.dev/same:v1=same"}
	must(lodge(t.Context(), docker, a, archiveOf(t, lab...)))
	must(lodge(t.Context(), docker, b, archiveOf(t, lab...)))
	must(lodge(t.Context(), docker, a, archiveOf(t, lab...))) // at a reset

	// Nobody loses an image by a start of another lab.
	loaded := s.loaded
	for in, want := range map[string]string{"postgres:17=2": "not labctl's", "labctl.dev/web:v1=2": "environment"} {
		c := env("c")
		if err := lodge(t.Context(), docker, c, archiveOf(t, in)); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "--docker own") {
			t.Errorf("%s: %v", in, err)
		}
		must(returnImages(t.Context(), docker, c)) // as the rolled back start does
	}
	if s.loaded != loaded || s.images["postgres:17"] != "sha256:pg" || s.images["labctl.dev/web:v1"] != "sha256:1" {
		t.Errorf("the images are %v", s.images)
	}

	must(returnImages(t.Context(), docker, a))
	if s.images["labctl.dev/web:v1"] == "" {
		t.Error("b has lost its image")
	}
	delete(s.volumes, markerName("b")+claimSuffix) // by docker volume prune
	must(returnImages(t.Context(), docker, b))
	want := map[string]string{"postgres:17": "sha256:pg", "labctl.dev/same:v1": "sha256:same"} // the latter was there before
	if !maps.Equal(s.images, want) {
		t.Errorf("the images are %v, want %v", s.images, want)
	}
	if left := slices.Collect(maps.Keys(s.volumes)); !slices.Equal(left, []string{"data"}) {
		t.Errorf("volumes %q are left", left)
	}

	// An older labctl's is replaced where nobody else needs it.
	must(lodge(t.Context(), docker, a, archiveOf(t, "labctl.dev/web:v1=1")))
	must(lodge(t.Context(), docker, a, archiveOf(t, "labctl.dev/web:v1=2")))
	if s.images["labctl.dev/web:v1"] != "sha256:2" {
		t.Errorf("the images are %v", s.images)
	}
}

func TestTags(t *testing.T) {
	spec := component.Spec{Dir: t.TempDir()}
	for _, ref := range []string{"a:1", "b:1", "a:1"} {
		if err := tagsOf(spec).Add(ref); err != nil {
			t.Fatal(err)
		}
	}
	again := tagsOf(spec) // by another process
	if err := again.Forget("b:1"); err != nil {
		t.Fatal(err)
	}
	var left []string
	if err := again.each(func(ref string) error { left = append(left, ref); return nil }); err != nil || !slices.Equal(left, []string{"a:1"}) {
		t.Errorf("%q, %v", left, err)
	}
	if has, err := again.Has("a:1"); has || err != nil {
		t.Errorf("it is still there: %v, %v", has, err)
	}
}
