package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// remoteTime bounds one request to a remote store.
const remoteTime = 2 * time.Second

// remoteStore keeps values in the /kv of another web service, by its URL.
type remoteStore string

// awayError says that a remote store could not do what it was asked for.
type awayError struct {
	url string
	err error
}

func (e *awayError) Error() string {
	return fmt.Sprintf("the store at %s is of no help: %v (check STORE_URL, and how the store is)", e.url, e.err)
}

// ready says whether the store is ready for requests.
func (r remoteStore) ready(ctx context.Context) error {
	_, err := r.ask(ctx, http.MethodGet, "/readyz", nil)
	return err
}

func (r remoteStore) get(ctx context.Context, key string) ([]byte, error) {
	if !validKey(key) {
		return nil, errNoKey
	}
	return r.ask(ctx, http.MethodGet, "/kv/"+key, nil)
}

func (r remoteStore) put(ctx context.Context, key string, value []byte) error {
	_, err := r.ask(ctx, http.MethodPut, "/kv/"+key, value)
	return err
}

func (r remoteStore) delete(ctx context.Context, key string) error {
	if !validKey(key) {
		return nil
	}
	_, err := r.ask(ctx, http.MethodDelete, "/kv/"+key, nil)
	return err
}

func (r remoteStore) keys(ctx context.Context) (keys []string, err error) {
	list, err := r.ask(ctx, http.MethodGet, "/kv/", nil)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(list, &keys); err != nil {
		return nil, &awayError{string(r), err}
	}
	return keys, nil
}

func (r remoteStore) ask(ctx context.Context, method, path string, body []byte) (answer []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, remoteTime)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(string(r), "/")+path, bytes.NewReader(body))
	if err != nil {
		return nil, &awayError{string(r), err}
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		var refused *url.Error // whose method and URL are told already
		if errors.As(err, &refused) {
			err = refused.Err
		}
		return nil, &awayError{string(r), err}
	}
	defer func() { _ = response.Body.Close() }() // only read
	if answer, err = io.ReadAll(io.LimitReader(response.Body, maxValue)); err != nil {
		return nil, &awayError{string(r), err}
	}
	switch {
	case response.StatusCode == http.StatusNotFound:
		return nil, errNoKey
	case response.StatusCode >= http.StatusBadRequest:
		return nil, &awayError{string(r), fmt.Errorf("status %d: %s", response.StatusCode, bytes.TrimSpace(answer))}
	}
	return answer, nil
}
