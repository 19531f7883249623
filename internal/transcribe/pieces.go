package transcribe

import (
	"context"
	"strconv"

	"gensubtitle/db"
	"gensubtitle/internal/engine"
)

// pieces keeps in the database what the engine answers to the pieces of a run's
// sound. A database that fails makes the engine be asked again at most.
type pieces struct {
	ctx    context.Context //nolint:containedctx // it lives as long as the run
	worker *Worker
	run    db.SubtitleRun
}

var _ engine.Pieces = (*pieces)(nil)

// Kept is what the engine answered to a piece in this run or an earlier one.
func (p *pieces) Kept(key string, begins, ends int64) ([]byte, bool) {
	answer, ok, err := p.worker.DB.KeptSubtitlePiece(p.ctx, p.run.VideoID, p.piece(key, begins, ends))
	if err != nil && p.ctx.Err() == nil {
		p.worker.Log.Warn("answer of the engine not found again", "run", p.run.RunID, "error", err)
	}
	return []byte(answer), ok
}

// Keep keeps what the engine answered. It answers, so it can be had.
func (p *pieces) Keep(key string, begins, ends int64, answer []byte) {
	p.worker.hadEngine()
	// It has been paid for, also where the process is about to stop.
	err := p.worker.DB.KeepSubtitlePiece(context.WithoutCancel(p.ctx), p.run.RunID, p.piece(key, begins, ends), string(answer))
	if err != nil && p.ctx.Err() == nil {
		p.worker.Log.Warn("answer of the engine not kept", "run", p.run.RunID, "error", err)
	}
}

// piece is one of the run's track: another track has pieces of its own.
func (p *pieces) piece(key string, begins, ends int64) db.SubtitlePiece {
	return db.SubtitlePiece{Key: strconv.Itoa(p.run.Order.Track) + " " + key, Begins: begins, Ends: ends}
}
