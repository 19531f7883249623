package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"gensubtitle/internal/uploads"
)

// checkCommand looks for disagreements.
type checkCommand struct {
	folderSettings
	Repair bool `help:"Mend what is safe to mend. May be used beside a running service."`
}

// Run prints each disagreement, and fails where one is left.
func (c *checkCommand) Run(ctx context.Context, sh *Shell) (err error) {
	service, closer, err := c.uploads(ctx, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closer()) }()
	found, mended := 0, 0
	err = service.Check(ctx, c.Repair, func(f uploads.Finding) error {
		if f.Note {
			_, err := fmt.Fprintf(sh.Out, "note: %s %s\n", f.Subject, f.Problem)
			return err
		}
		found++
		note := ""
		if f.Mended {
			mended++
			note = " (mended)"
		}
		_, err := fmt.Fprintf(sh.Out, "%s: %s%s\n", f.Subject, f.Problem, note)
		return err
	})
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(sh.Out, "%d found, %d mended\n", found, mended); err != nil {
		return err
	}
	if found > mended {
		return errReported
	}
	return nil
}
