using Seedance.Onnx.Latents;
using Seedance.Onnx.Media;
using Seedance.Onnx.Ort;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Requests;

namespace Seedance.Onnx.Stages;

/// <summary>Latents become frames: the pixel graph, over a clip's tiles and over each tile's chunks.</summary>
/// <remarks>
/// A decoder that remembers (see <see cref="ChunkMemory"/>) takes a clip in chunks, and returns as many frames for every latent frame; those before a clip's
/// first are dropped. What it remembers stays on the device. A frame is handed on as soon as the last tile is drawn on it, which may be long before the clip ends.
/// </remarks>
/// <param name="pixels">The pixel graph; borrowed.</param>
/// <param name="geometry">How its latents relate to frames.</param>
internal sealed class DecodeStage(GraphSession pixels, LatentGeometry geometry)
{
    private readonly TensorContract[] _past = [.. ChunkMemory.PastOf(pixels.Contract)];

    /// <summary>Decodes a clip.</summary>
    /// <param name="plan">What is being made.</param>
    /// <param name="latents">Normalised latents, [C, f, h, w].</param>
    /// <param name="pieces">How much of it is decoded at once.</param>
    /// <param name="take">Gets the frames in order as they are made, each owning its pixels.</param>
    /// <param name="stage">Counts the runs; null for nobody.</param>
    /// <param name="cancellationToken">Stops the run between two nodes.</param>
    /// <exception cref="GraphExecutionException">The graph failed, or gave frames of another number or size than planned.</exception>
    public void Run(GenerationPlan plan, ReadOnlySpan<float> latents, DecodePieces pieces, Action<VideoFrame> take, StageRun? stage, CancellationToken cancellationToken)
    {
        LatentShape shape = plan.Latents;
        byte[][] frames = new byte[plan.Frames][];
        for (int i = 0; i < frames.Length; i++)
        {
            frames[i] = new byte[3 * plan.Size.Width * plan.Size.Height];
        }

        int height = Math.Min(pieces.Height, shape.Height), width = Math.Min(pieces.Width, shape.Width);
        using TileDecoder decoder = new(pixels, geometry, shape with { Height = height, Width = width }, _past.Length > 0 ? pieces.Frames : shape.Frames, plan.Frames);
        int[] rows = [.. DecodePieces.Starts(shape.Height, height)], columns = [.. DecodePieces.Starts(shape.Width, width)];
        FrameCanvas canvas = new(frames, plan.Size.Width);
        for (int row = 0; row < rows.Length; row++)
        {
            for (int column = 0; column < columns.Length; column++)
            {
                canvas.Place(rows, row, columns, column, height, width, geometry.SpatialStride);
                bool isLast = row == rows.Length - 1 && column == columns.Length - 1;
                decoder.Run(latents, shape, rows[row], columns[column], isLast, canvas, isLast ? Finish : null, cancellationToken);
            }
        }

        stage?.Count(decoder.Runs, decoder.InRuns);

        void Finish(int index) => take(new VideoFrame(plan.Size, frames[index], index, TimeSpan.FromSeconds((double)index / plan.Fps)));
    }
}
