using Seedance.Onnx.Latents;

namespace Seedance.Onnx.Media;

/// <summary>One picture, of a video or alone: [H, W, 3] uint8, RGB, rows from the top, no padding.</summary>
/// <remarks>
/// The frame owns its pixels: the maker hands the memory over and neither reads nor writes it again, so a frame can be kept as long as wanted.
/// Immutable, and safe to share between threads.
/// </remarks>
public sealed class VideoFrame
{
    private const int Channels = 3;

    /// <summary>Wraps pixels, without a copy.</summary>
    /// <param name="size">Width and height in pixels.</param>
    /// <param name="pixels">[H, W, 3] uint8, RGB: exactly <see cref="ByteCount"/> bytes. The frame owns them from now on.</param>
    /// <param name="index">Position in its video; 0 is the first, and the default.</param>
    /// <param name="timestamp">When it is shown, from the start of its video. 0 if not specified.</param>
    /// <exception cref="ArgumentException"><paramref name="pixels"/> has another length.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A side is below 1 or a frame would pass 2 GiB; or <paramref name="index"/> is below 0.</exception>
    public VideoFrame(VideoSize size, ReadOnlyMemory<byte> pixels, int index = 0, TimeSpan timestamp = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        Pixels = pixels.Length == ByteCount(size)
            ? pixels
            : throw new ArgumentException($"A {size} frame must have {ByteCount(size)} bytes, but has {pixels.Length}. Pass RGB24 without padding.", nameof(pixels));
        Size = size;
        Index = index;
        Timestamp = timestamp;
    }

    /// <summary>Width and height in pixels.</summary>
    public VideoSize Size { get; }

    /// <summary>[H, W, 3] uint8, RGB, rows from the top.</summary>
    public ReadOnlyMemory<byte> Pixels { get; }

    /// <summary>Position in its video; 0 is the first.</summary>
    public int Index { get; }

    /// <summary>When it is shown, from the start of its video.</summary>
    public TimeSpan Timestamp { get; }

    /// <summary>Bytes of one RGB24 frame: 3 · W · H.</summary>
    /// <param name="size">Width and height in pixels.</param>
    /// <exception cref="ArgumentOutOfRangeException">A side is below 1, or a frame would pass 2 GiB.</exception>
    public static int ByteCount(VideoSize size)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size.Width, 1, nameof(size));
        ArgumentOutOfRangeException.ThrowIfLessThan(size.Height, 1, nameof(size));
        long bytes = (long)Channels * size.Width * size.Height;
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, Array.MaxLength, nameof(size));
        return (int)bytes;
    }
}
