using System.Runtime.InteropServices;
using Seedance.Onnx.Latents;
using Seedance.Onnx.Media;
using Seedance.Onnx.Ort;
using Seedance.Onnx.Packs;

namespace Seedance.Onnx.Stages;

/// <summary>Frames become larger frames, tile by tile: each tile is enlarged with what lies around it, and only its own pixels are kept, so that no seam is there to see.</summary>
/// <param name="upscaler">The graph.</param>
/// <param name="tile">The side of a tile in pixels, at least 1.</param>
internal sealed class UpscaleStage(GraphSession upscaler, int tile = UpscaleStage.Tile)
{
    /// <summary>The side of a tile where nobody asks for another.</summary>
    public const int Tile = 128;

    /// <summary>Pixels around a tile that it may depend on.</summary>
    public const int Margin = 16;

    /// <summary>Frames before and behind a chunk that it may depend on.</summary>
    public const int Neighbours = 8;

    private const int Probe = 2 * Margin;

    /// <summary>How often the graph ran.</summary>
    public int Runs { get; private set; }

    /// <summary>The time that those runs took.</summary>
    public TimeSpan InRuns { get; private set; }

    /// <summary>How many times larger frames become, found by enlarging a black one.</summary>
    /// <exception cref="GraphExecutionException">The graph failed, or does not enlarge both ways alike.</exception>
    public int FindScale(CancellationToken cancellationToken)
    {
        using HostTensor sample = HostTensor.Allocate(ElementType.Float32, 1, 3, 1, Probe, Probe);
        sample.AsSpan<float>().Clear();
        using GraphOutputs outputs = upscaler.Run(new Dictionary<string, GraphTensor> { ["sample"] = sample }, cancellationToken);
        ReadOnlySpan<long> shape = outputs["upscaled"].Shape.ToArray();
        return shape is [1, 3, 1, var height, var width] && height == width && width % Probe == 0 && width >= Probe
            ? (int)(width / Probe)
            : throw new GraphExecutionException(
                GraphRoles.Upscaler, $"output 'upscaled' must be [1, 3, 1, n · {Probe}, n · {Probe}] for a frame of {Probe}x{Probe}, but is [{string.Join(", ", shape.ToArray())}]. Export the graph again.");
    }

    /// <summary>Enlarges some frames of a window.</summary>
    /// <param name="window">Frames of one size, in order.</param>
    /// <param name="first">The first frame of the window to enlarge.</param>
    /// <param name="count">How many to enlarge.</param>
    /// <param name="scale">How many times larger they become, by <see cref="FindScale"/>.</param>
    /// <param name="cancellationToken">Stops a run between two nodes.</param>
    /// <returns>Pixels of the enlarged frames, RGB row by row.</returns>
    /// <exception cref="GraphExecutionException">The graph failed, or gave frames of another number or size.</exception>
    public byte[][] Run(IReadOnlyList<VideoFrame> window, int first, int count, int scale, CancellationToken cancellationToken)
    {
        VideoSize size = window[0].Size, large = new(size.Width * scale, size.Height * scale);
        byte[][] frames = [.. Enumerable.Range(0, count).Select(_ => new byte[VideoFrame.ByteCount(large)])];
        for (int top = 0; top < size.Height; top += tile)
        {
            for (int left = 0; left < size.Width; left += tile)
            {
                Piece own = new(left, top, Math.Min(left + tile, size.Width), Math.Min(top + tile, size.Height));
                Piece seen = new(Math.Max(left - Margin, 0), Math.Max(top - Margin, 0), Math.Min(own.Right + Margin, size.Width), Math.Min(own.Bottom + Margin, size.Height));
                using HostTensor sample = Cut(window, seen);
                using GraphOutputs outputs = upscaler.Run(new Dictionary<string, GraphTensor> { ["sample"] = sample }, cancellationToken);
                Runs++;
                InRuns += outputs.Elapsed;
                HostTensor upscaled = outputs["upscaled"];
                long[] expected = [1, 3, window.Count, seen.Height * scale, seen.Width * scale];
                if (!upscaled.Shape.SequenceEqual(expected))
                {
                    throw new GraphExecutionException(
                        GraphRoles.Upscaler, $"output 'upscaled' must be [{string.Join(", ", expected)}], but is [{string.Join(", ", upscaled.Shape)}]. Export the graph again.");
                }

                for (int frame = 0; frame < count; frame++)
                {
                    Paste(upscaled.AsSpan<float>(), window.Count, first + frame, seen, own, scale, large.Width, frames[frame]);
                }
            }
        }

        return frames;
    }

    /// <summary>A piece of all frames of the window as planes in [−1, 1], [1, 3, F, h, w].</summary>
    private static HostTensor Cut(IReadOnlyList<VideoFrame> window, Piece piece)
    {
        HostTensor sample = HostTensor.Allocate(ElementType.Float32, 1, 3, window.Count, piece.Height, piece.Width);
        Span<float> values = sample.AsSpan<float>();
        int at = 0;
        for (int channel = 0; channel < 3; channel++)
        {
            foreach (VideoFrame frame in window)
            {
                ReadOnlySpan<byte> pixels = frame.Pixels.Span;
                for (int y = piece.Top; y < piece.Bottom; y++)
                {
                    PixelPlanes.FromBytes(pixels[(PixelPlanes.Colours * ((y * frame.Size.Width) + piece.Left))..], channel, values.Slice(at, piece.Width));
                    at += piece.Width;
                }
            }
        }

        return sample;
    }

    /// <summary>Puts a tile's own pixels where they belong in a frame.</summary>
    private static void Paste(ReadOnlySpan<float> planes, int frames, int frame, Piece seen, Piece own, int scale, int width, Span<byte> pixels)
    {
        int rowLength = seen.Width * scale, area = seen.Height * scale * rowLength;
        for (int channel = 0; channel < 3; channel++)
        {
            ReadOnlySpan<float> plane = planes.Slice(((channel * frames) + frame) * area, area);
            for (int y = own.Top * scale; y < own.Bottom * scale; y++)
            {
                ReadOnlySpan<float> row = plane.Slice((y - (seen.Top * scale)) * rowLength, rowLength);
                PixelPlanes.ToBytes(row.Slice((own.Left - seen.Left) * scale, own.Width * scale), channel, pixels[(PixelPlanes.Colours * ((y * width) + (own.Left * scale)))..]);
            }
        }
    }

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Piece(int Left, int Top, int Right, int Bottom)
    {
        public int Width => Right - Left;

        public int Height => Bottom - Top;
    }
}
