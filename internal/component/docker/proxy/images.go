package proxy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"

	"github.com/distribution/reference"

	"labctl.dev/labctl/internal/container"
)

// joined is a name as the engine takes it, in two parts.
func joined(repository, tag string) string {
	if repository == "" || tag == "" {
		return repository
	}
	if strings.Contains(tag, ":") { // a digest
		return repository + "@" + tag
	}
	return repository + ":" + tag
}

// full is a name of an image with all its parts: docker.io/library/web:latest. What
// is none is left to the engine.
func full(ref string) (string, bool) {
	named, err := reference.ParseNormalizedNamed(ref)
	if err != nil {
		return "", false
	}
	return reference.TagNameOnly(named).String(), true
}

// image says whether there is an image of a name, by which ID, and whether it is
// the environment's own.
func (p *Proxy) image(ctx context.Context, ref string) (id string, ours bool, err error) {
	var i struct {
		ID     string `json:"Id"`
		Config struct{ Labels map[string]string }
	}
	if there, err := p.ask(ctx, "/images/"+ref+"/json", nil, &i); err != nil || !there {
		return "", false, err
	}
	if p.ours(i.Config.Labels) {
		return i.ID, true, nil
	}
	name, ok := full(ref)
	if !ok {
		return i.ID, false, nil
	}
	ours, err = p.policy.Shared.Tags.Has(name)
	return i.ID, ours, err
}

// mayName refuses to give away the name of an image of others.
func (p *Proxy) mayName(ctx context.Context, ref string) error {
	if ref == "" {
		return nil
	}
	name, ok := full(ref)
	if !ok {
		return nil // the engine says what is wrong with it
	}
	id, ours, err := p.image(ctx, name)
	if err != nil || id == "" || ours {
		return err
	}
	return &Refusal{Status: http.StatusConflict, Message: fmt.Sprintf("labctl: there is an image %s in your Docker Engine that this lab did not make, and it would lose its name. "+
		"Choose another name, give that image another one in a shell of your own, outside of the lab (docker tag, docker rmi), or start the lab with --docker own", ref)}
}

// give notes the name of an image that will not carry the label, and forgets it if
// the engine refuses.
func (p *Proxy) give(r *http.Request, ref string) error {
	name, ok := full(ref)
	if !ok {
		return nil
	}
	had, err := p.policy.Shared.Tags.Has(name)
	if err != nil || had {
		return err
	}
	onAnswer(r, func(response *http.Response) error {
		if response.StatusCode >= http.StatusBadRequest {
			return p.policy.Shared.Tags.Forget(name)
		}
		return nil
	})
	return p.policy.Shared.Tags.Add(name)
}

// tagImage lets the environment give names to images, of others, too.
func (p *Proxy) tagImage(r *http.Request, _ []string) error {
	ref := joined(r.URL.Query().Get("repo"), r.URL.Query().Get("tag"))
	if err := p.mayName(r.Context(), ref); err != nil {
		return err
	}
	return p.give(r, ref)
}

// ofImage lets a request through that is about an image of the environment's own.
func (p *Proxy) ofImage(r *http.Request, parts []string) error {
	name := parts[0]
	if tag := r.URL.Query().Get("tag"); tag != "" && r.Method == http.MethodPost {
		name = joined(name, tag)
	}
	id, ours, err := p.image(r.Context(), name)
	if err != nil || ours || id == "" { // the engine says itself that there is none
		return err
	}
	return forbidden("labctl: the image " + name + " is not one that you made in this lab, and others may need it; it may be used, and not changed")
}

// fetchImage pulls or imports an image.
func (p *Proxy) fetchImage(r *http.Request, _ []string) error {
	query := r.URL.Query()
	if query.Get("fromSrc") != "" {
		query.Add("changes", fmt.Sprintf("LABEL %q=%q", Label, p.policy.Environment))
		r.URL.RawQuery = query.Encode()
		return p.mayName(r.Context(), joined(query.Get("repo"), query.Get("tag")))
	}
	ref := joined(query.Get("fromImage"), query.Get("tag"))
	named, err := reference.ParseNormalizedNamed(ref)
	if err == nil && reference.IsNameOnly(named) {
		return forbidden("labctl: name the tag to pull; all tags at once are not allowed in your own Docker Engine")
	}
	id, ours, err := p.image(r.Context(), ref)
	switch {
	case err != nil || ours:
		return err
	case id != "":
		return forbidden("labctl: the image " + ref + " is in your Docker Engine already and is not this lab's: use it as it is, or pull it in a shell of your own, outside of the lab")
	}
	return p.give(r, ref)
}

// loadImages looks through an archive before the engine gets it: loading takes the
// names away from images that have them.
func (p *Proxy) loadImages(r *http.Request, _ []string) error {
	file, err := os.CreateTemp(p.policy.Shared.Dir, "load-")
	if err != nil {
		return fmt.Errorf("labctl: keep the archive: %w", err)
	}
	_ = os.Remove(file.Name()) // it lives as long as it is open, where the system can do that
	size, err := io.Copy(file, r.Body)
	if err == nil {
		err = p.checkArchive(r, file)
	}
	if err == nil {
		_, err = file.Seek(0, io.SeekStart)
	}
	if err != nil {
		return errors.Join(err, file.Close())
	}
	r.Body, r.ContentLength, r.TransferEncoding = file, size, nil
	r.Header.Del("Transfer-Encoding")
	return nil
}

func (p *Proxy) checkArchive(r *http.Request, file io.ReadSeeker) error {
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	list, err := container.Contents(file)
	if err != nil {
		return invalid("labctl: " + err.Error() + ". Compressed archives have to be unpacked first, as in gunzip -c FILE | docker load")
	}
	for _, content := range list {
		id, ours, err := p.image(r.Context(), content.Ref)
		if err != nil {
			return err
		}
		if id != "" && !ours && !slices.Contains(content.IDs, id) {
			return p.mayName(r.Context(), content.Ref)
		}
		if id == "" {
			if err := p.give(r, content.Ref); err != nil {
				return err
			}
		}
	}
	return nil
}

// nameBuild looks at what the classic builder is to call its image.
func (p *Proxy) nameBuild(r *http.Request, _ []string) error {
	query := r.URL.Query()
	for _, ref := range query["t"] {
		if err := p.mayName(r.Context(), ref); err != nil {
			return err
		}
	}
	mode := query.Get("networkmode")
	if word, ofContainer := strings.CutPrefix(mode, "container:"); ofContainer {
		_, err := p.containerID(r.Context(), word)
		return err
	}
	if mode == "" || slices.Contains(predefined(), mode) {
		return nil
	}
	_, _, _, err := p.networkID(r.Context(), mode)
	return err
}

// commit makes an image of a container of the environment's, with its label.
func (p *Proxy) commit(r *http.Request, _ []string) error {
	query := r.URL.Query()
	id, err := p.containerID(r.Context(), query.Get("container"))
	if err != nil {
		return err
	}
	query.Set("container", id)
	r.URL.RawQuery = query.Encode()
	if err := p.mayName(r.Context(), joined(query.Get("repo"), query.Get("tag"))); err != nil {
		return err
	}
	return p.edit(r, func(object) error { return nil })
}
