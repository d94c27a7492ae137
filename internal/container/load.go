package container

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// LoadImages gives the engine images, as an OCI-layout or docker-save tar.
func (c *Client) LoadImages(ctx context.Context, tar io.Reader) error {
	response, err := c.API.ImageLoad(ctx, tar)
	if err != nil {
		return fmt.Errorf("load images into Docker: %w", err)
	}
	defer response.Body.Close()
	for lines := json.NewDecoder(response.Body); ; {
		var line struct{ Error string }
		switch err := lines.Decode(&line); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("load images into Docker: %w", err)
		case line.Error != "":
			return errors.New("load images into Docker: " + line.Error)
		}
	}
}
