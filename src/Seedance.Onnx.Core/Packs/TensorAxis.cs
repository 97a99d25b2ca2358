using System.Globalization;
using System.Runtime.InteropServices;

namespace Seedance.Onnx.Packs;

/// <summary>One axis of a tensor: a fixed length, or a letter for a length that is known at run time only.</summary>
/// <remarks>Equal letters among the tensors of a pack stand for equal lengths in one run.</remarks>
[StructLayout(LayoutKind.Auto)]
public readonly record struct TensorAxis
{
    private TensorAxis(int? length, string? letter)
    {
        Length = length;
        Letter = letter;
    }

    /// <summary>The length of a fixed axis, at least 1; null for a free one.</summary>
    public int? Length { get; }

    /// <summary>The letter of a free axis, for example "B" or "f"; null for a fixed one.</summary>
    public string? Letter { get; }

    /// <summary>An axis of a fixed length.</summary>
    /// <param name="length">The length, at least 1.</param>
    /// <returns>The axis.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="length"/> is below 1.</exception>
    public static TensorAxis Fixed(int length)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        return new TensorAxis(length, null);
    }

    /// <summary>An axis whose length is known at run time only.</summary>
    /// <param name="letter">Its letter or name.</param>
    /// <returns>The axis.</returns>
    /// <exception cref="ArgumentException"><paramref name="letter"/> is empty.</exception>
    public static TensorAxis Free(string letter)
    {
        ArgumentException.ThrowIfNullOrEmpty(letter);
        return new TensorAxis(null, letter);
    }

    /// <inheritdoc/>
    public override string ToString() => Letter ?? (Length ?? 0).ToString(CultureInfo.InvariantCulture);
}
