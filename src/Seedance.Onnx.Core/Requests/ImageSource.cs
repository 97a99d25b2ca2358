using Seedance.Onnx.Latents;

namespace Seedance.Onnx.Requests;

/// <summary>An image that a request gives: a file, or its bytes. It is read when the video is planned and made, not before. Immutable.</summary>
public sealed record ImageSource
{
    private ImageSource(string name, string? path, ReadOnlyMemory<byte> encoded)
    {
        Name = name;
        Path = path;
        Encoded = encoded;
    }

    /// <summary>What errors call it: the file's path, or the name that the bytes came with.</summary>
    public string Name { get; }

    /// <summary>The file; null for bytes.</summary>
    public string? Path { get; }

    /// <summary>The bytes of an image file of any format that FFmpeg reads; empty for a file.</summary>
    public ReadOnlyMemory<byte> Encoded { get; }

    /// <summary>Its size in pixels, upright, where somebody has looked; null if not. A request that leaves the frame's shape open takes it from here.</summary>
    public VideoSize? Size { get; init; }

    /// <summary>An image file.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The image; the file is not touched yet.</returns>
    /// <exception cref="ArgumentException"><paramref name="path"/> is empty.</exception>
    public static ImageSource FromFile(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        return new ImageSource(path, path, default);
    }

    /// <summary>An image in memory.</summary>
    /// <param name="encoded">The bytes of an image file. Kept: they must not change until the video is made.</param>
    /// <param name="name">What errors call it, such as the name it was uploaded under.</param>
    /// <returns>The image.</returns>
    /// <exception cref="ArgumentException"><paramref name="name"/> is empty.</exception>
    public static ImageSource FromBytes(ReadOnlyMemory<byte> encoded, string name)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        return new ImageSource(name, path: null, encoded);
    }

    /// <inheritdoc/>
    public override string ToString() => Name;
}
