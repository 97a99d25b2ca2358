namespace Seedance.Onnx.Media;

/// <summary>How frames are written. Immutable.</summary>
public sealed record VideoEncoding
{
    /// <summary>The file format. If not specified, the one that the file's extension names.</summary>
    public VideoFormat? Format { get; init; }

    /// <summary>
    /// Constant-quality level (CRF): 0 is the best, <see cref="VideoFormat.WorstQuality"/> the smallest file.
    /// If not specified, <see cref="VideoFormat.DefaultQuality"/>, which is chosen for small clips with clean edges.
    /// </summary>
    public int? Quality { get; init; }

    /// <summary>Frames a second of the file: frames are repeated or left out to keep the time. If not specified, the rate at which they are handed over.</summary>
    public FrameRate? FrameRate { get; init; }

    /// <summary>
    /// Container metadata by name, such as title and comment. None if not specified. Names outside
    /// <see cref="VideoFormat.MetadataKeys"/> are left out of the file.
    /// </summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();
}
