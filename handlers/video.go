package handlers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"
	"github.com/valyala/fasthttp"

	"gensubtitle/db"
	"gensubtitle/internal/background"
	"gensubtitle/internal/storage"
	"gensubtitle/views"
)

const (
	defaultPage = 20
	maxPage     = 100
)

// listVideos answers with the caller's videos, newest first.
func (s *Server) listVideos(c *fiber.Ctx) error {
	limit, err := pageLimit(c)
	if err != nil {
		return err
	}
	videos, next, err := s.videosPage(c, signedIn(c).SessionID, c.Query("cursor"), limit)
	if err != nil {
		return err
	}
	if wantsHTML(c) {
		if !wantsPart(c) {
			return s.renderHome(c, fiber.StatusOK, "")
		}
		return render(c, fiber.StatusOK, views.MoreVideos(page(c), mapped(videos, s.shown), next))
	}
	return c.JSON(fiber.Map{"videos": mapped(videos, videoOf), "next_cursor": cursorOrNull(next)})
}

// videosPage reads one page; the cursor is the id of the last video before it.
func (s *Server) videosPage(c *fiber.Ctx, sessionID, cursor string, limit int) ([]captioned, string, error) {
	if cursor != "" && uuid.Validate(cursor) != nil {
		return nil, "", invalidField("cursor", func(f *views.Fields) string { return f.CursorInvalid })
	}
	list, more, err := s.DB.ListVideos(c.UserContext(), sessionID, cursor, limit)
	if err != nil {
		return nil, "", err
	}
	videos, err := s.captions(c.UserContext(), list)
	if err != nil || !more {
		return videos, "", err
	}
	return videos, videos[len(videos)-1].ID, nil
}

func pageLimit(c *fiber.Ctx) (int, error) {
	given := c.Query("limit")
	if given == "" {
		return defaultPage, nil
	}
	n, err := strconv.Atoi(given)
	if err != nil || n < 1 || n > maxPage {
		return 0, invalidField("limit", func(f *views.Fields) string { return f.LimitInvalid })
	}
	return n, nil
}

// cursorOrNull is null in JSON where no page follows.
func cursorOrNull(cursor string) *string {
	if cursor == "" {
		return nil
	}
	return &cursor
}

// shown is a video as the pages show it, with how much of it has come.
func (s *Server) shown(v captioned) views.Video {
	shown := videoView(v)
	if v.Status == db.Receiving && v.Resumable {
		shown.Resumable = true
		// Without its file nothing has come, or it is being removed.
		shown.ReceivedBytes, _, _ = s.Files.Received(v.ID)
	}
	return shown
}

// showVideo answers with one video: a page, its player, or its item in the list.
func (s *Server) showVideo(c *fiber.Ctx) error {
	me := signedIn(c)
	v, err := s.ownVideo(c)
	switch {
	case err != nil:
		return err
	case !wantsHTML(c):
		return c.JSON(videoOf(v))
	case !wantsPart(c):
		return s.renderVideo(c, fiber.StatusOK, v, "")
	case c.Query("part") == "player":
		return render(c, fiber.StatusOK, views.Player(page(c), s.shown(v)))
	}
	quota, err := s.ownQuota(c, me.Quota)
	if err != nil {
		return err
	}
	return render(c, fiber.StatusOK, views.Uploaded(page(c), s.shown(v), quota))
}

// deleteVideo removes the file; what it used stays used.
func (s *Server) deleteVideo(c *fiber.Ctx) error {
	if err := s.Uploads.DeleteVideo(c.UserContext(), signedIn(c).SessionID, c.Params("id")); err != nil {
		return fullDisk(err, errFullDelete)
	}
	if !wantsHTML(c) {
		return c.SendStatus(fiber.StatusNoContent)
	}
	if wantsPart(c) {
		return c.SendStatus(fiber.StatusOK)
	}
	return c.Redirect("/", fiber.StatusSeeOther)
}

// confirmDelete asks first, for those without JavaScript.
func (s *Server) confirmDelete(c *fiber.Ctx) error {
	v, err := s.ownVideo(c)
	if err != nil {
		return err
	}
	return render(c, fiber.StatusOK, views.ConfirmPage(page(c), views.DeleteConfirm(language(c), videoView(v))))
}

// mediaTypes are the types that files are served as, by container. None of
// them can run in a page.
var mediaTypes = map[string]string{
	"mp4": "video/mp4", "m4a": "audio/mp4", "mov": "video/quicktime", "3gp": "video/3gpp",
	"mkv": "video/x-matroska", "webm": "video/webm", "avi": "video/x-msvideo", "mpegts": "video/mp2t",
	"mpeg": "video/mpeg", "flv": "video/x-flv", "asf": "video/x-ms-asf", "ogg": "application/ogg",
	"mp3": "audio/mpeg", "mp2": "audio/mpeg", "wav": "audio/wav", "flac": "audio/flac", "aac": "audio/aac", "amr": "audio/amr",
	"ac3": "audio/ac3", "eac3": "audio/eac3", "w64": "audio/x-w64", "aiff": "audio/aiff", "caf": "audio/x-caf",
}

// videoFile sends the bytes, or the one range of them that was asked for
// (RFC 9110, section 14). Several ranges at once get the whole file.
func (s *Server) videoFile(c *fiber.Ctx) error {
	v, err := s.DB.Video(c.UserContext(), signedIn(c).SessionID, c.Params("id"))
	if err != nil {
		return err
	}
	if v.Status != db.Accepted {
		return errNoRoute
	}
	confine(c)
	tag := `"` + v.ID + `"`
	if notModified(c, tag) {
		return nil
	}
	file, err := s.Files.Open(v.ID)
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("file of an accepted video is missing: %w", err)
	}
	if err != nil {
		return err
	}
	contentType, ok := mediaTypes[v.Container]
	if !ok {
		contentType = fiber.MIMEOctetStream
	}
	c.Set(fiber.HeaderContentType, contentType)
	c.Set(fiber.HeaderContentDisposition, attachment(v.Filename))
	c.Set(fiber.HeaderAcceptRanges, "bytes")
	return s.sendRange(c, file, v.SizeBytes, tag)
}

// localVideo gives the file of an accepted video a path. Where it has gone with its
// video meanwhile, that is what the error says.
func (s *Server) localVideo(ctx context.Context, v db.Video) (*storage.Local, error) {
	local, err := s.Files.Local(ctx, v.ID)
	if errors.Is(err, fs.ErrNotExist) {
		if _, gone := s.DB.Video(ctx, v.SessionID, v.ID); gone != nil {
			return nil, gone
		}
		return nil, fmt.Errorf("file of an accepted video is missing: %w", err)
	}
	return local, err
}

// confine keeps what came from users from running as a page, or in another's.
func confine(c *fiber.Ctx) {
	c.Set(fiber.HeaderContentSecurityPolicy, "default-src 'none'; frame-ancestors 'none'; sandbox")
	c.Set("Cross-Origin-Resource-Policy", "same-origin")
}

// sendRange closes the file once it is sent, or not to be sent.
func (s *Server) sendRange(c *fiber.Ctx, file io.ReadSeekCloser, size int64, etag string) error {
	sending := false
	defer func() {
		if !sending {
			_ = file.Close()
		}
	}()
	start, length := int64(0), size
	asked := c.Get(fiber.HeaderRange)
	condition := c.Get(fiber.HeaderIfRange)
	if isSingleRange(asked) && (condition == "" || condition == etag) {
		first, last, err := fasthttp.ParseByteRange([]byte(asked), int(size))
		if err != nil {
			c.Set(fiber.HeaderContentRange, fmt.Sprintf("bytes */%d", size))
			c.Status(fiber.StatusRequestedRangeNotSatisfiable)
			return nil
		}
		start, length = int64(first), int64(last-first+1)
		c.Set(fiber.HeaderContentRange, fmt.Sprintf("bytes %d-%d/%d", first, last, size))
		c.Status(fiber.StatusPartialContent)
	}
	if _, err := file.Seek(start, io.SeekStart); err != nil {
		return fmt.Errorf("seek in video: %w", err)
	}
	c.Context().Response.SetBodyStream(s.paced(c, io.LimitReader(file, length), file.Close), int(length))
	sending = true
	return nil
}

func isSingleRange(asked string) bool {
	return strings.HasPrefix(asked, "bytes=") && !strings.Contains(asked, ",")
}

// paced gives every piece of a download its own time to be written, so that a
// slow client gets all of it and a stalled one does not stay. It is read and
// closed after the handlers have returned, where a panic would end the process.
type paced struct {
	piece io.Reader // what is sent
	ctx   *fasthttp.RequestCtx
	end   func() error
	log   *slog.Logger
}

func (s *Server) paced(c *fiber.Ctx, piece io.Reader, end func() error) *paced {
	return &paced{piece, c.Context(), end, s.logOf(c)}
}

func (p *paced) Read(b []byte) (n int, err error) {
	defer background.Recover(p.log, "send an answer", &err)
	if err := p.ctx.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return 0, err
	}
	return p.piece.Read(b)
}

func (p *paced) Close() (err error) {
	defer background.Recover(p.log, "end an answer", &err)
	return p.end()
}
