namespace Seedance.Onnx.Media;

/// <summary>What media from outside may cost. Set once by the host.</summary>
public sealed class MediaLimits
{
    /// <summary>Largest image file in bytes. 64 MiB if not specified.</summary>
    public long MaxImageBytes { get; set; } = 64L << 20;

    /// <summary>Largest video file in bytes. 4 GiB if not specified.</summary>
    public long MaxVideoBytes { get; set; } = 4L << 30;

    /// <summary>Most pixels of a picture or frame before it is scaled. 100 million if not specified.</summary>
    public long MaxPixels { get; set; } = 100_000_000;
}
