using System.Runtime.InteropServices;

namespace Seedance.Onnx.Graphs;

/// <summary>The length of one axis: a number, a name for a number that is known at run time only, or nothing at all.</summary>
[StructLayout(LayoutKind.Auto)]
public readonly record struct OnnxDimension
{
    private OnnxDimension(long? length, string? name)
    {
        Length = length;
        Name = name;
    }

    /// <summary>An axis of which nothing is said.</summary>
    public static OnnxDimension Unknown => default;

    /// <summary>The length; null when the file does not fix it. As the file has it: a negative number there is one here.</summary>
    public long? Length { get; }

    /// <summary>The name of a free axis, for example "batch"; null when it has none.</summary>
    public string? Name { get; }

    /// <summary>An axis of a fixed length.</summary>
    /// <param name="length">The length.</param>
    public static implicit operator OnnxDimension(long length) => FromInt64(length);

    /// <summary>An axis whose length is known at run time only.</summary>
    /// <param name="name">Its name.</param>
    public static implicit operator OnnxDimension(string name) => FromString(name);

    /// <summary>An axis of a fixed length.</summary>
    /// <param name="length">The length.</param>
    /// <returns>The axis.</returns>
    public static OnnxDimension FromInt64(long length) => new(length, null);

    /// <summary>An axis whose length is known at run time only.</summary>
    /// <param name="name">Its name.</param>
    /// <returns>The axis.</returns>
    public static OnnxDimension FromString(string name) => new(null, name);

    /// <summary>The length, the name, or "?".</summary>
    /// <returns>The text.</returns>
    public override string ToString() => Length?.ToString() ?? (string.IsNullOrEmpty(Name) ? "?" : Name);
}
