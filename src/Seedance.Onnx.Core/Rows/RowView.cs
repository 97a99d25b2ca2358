using System.Collections.Immutable;
using System.Globalization;

namespace Seedance.Onnx.Rows;

/// <summary>
/// Another way to look at an input of a <see cref="RowProgram"/> than as it lies in memory: what Reshape, Transpose, Split, Squeeze and Unsqueeze would copy is read where it is. As text
/// "view(0 3 1, 2:1, 3 4 64)": the innermost axis is taken apart into 3 · 4 · 64, of the axes that there are then the one numbered 2 is taken at its element 1, and the rows go along axes 0, 3 and 1.
/// </summary>
/// <param name="Axes">The axis of the tensor that each outer axis of the view is, from the outside in; −1 for an axis of length 1 that it does not have. The innermost one is always the last.</param>
/// <param name="Picks">Axes of which the view has one element, and which.</param>
/// <param name="Split">The lengths into which the innermost axis of the tensor is taken apart; empty if it is not.</param>
public sealed record RowView(ImmutableArray<int> Axes, ImmutableArray<(int Axis, int Element)> Picks, ImmutableArray<int> Split)
{
    private const string Start = "view(";

    /// <summary>A view of a tensor as it lies in memory.</summary>
    /// <param name="rank">Its number of axes.</param>
    /// <returns>The view.</returns>
    public static RowView Plain(int rank) => new([.. Enumerable.Range(0, rank - 1)], [], []);

    /// <summary>Whether the view is that of <see cref="Plain"/>.</summary>
    public bool IsPlain => Picks.IsEmpty && Split.IsEmpty && Axes.Index().All(axis => axis.Item == axis.Index);

    /// <summary>The lengths of the view's axes.</summary>
    /// <typeparam name="T">What a length is.</typeparam>
    /// <param name="shape">The tensor's lengths.</param>
    /// <param name="convert">Makes a length of a number.</param>
    /// <returns>The lengths, those of the rows last.</returns>
    public T[] Apply<T>(ReadOnlySpan<T> shape, Func<int, T> convert)
    {
        T[] whole = Split.IsEmpty ? shape.ToArray() : [.. shape[..^1], .. Split.Select(convert)];
        return [.. Axes.Select(axis => axis < 0 ? convert(1) : whole[axis]), whole[^1]];
    }

    /// <summary>Reads a view's text.</summary>
    /// <param name="text">The text.</param>
    /// <returns>The view; null when the text does not begin like one.</returns>
    /// <exception cref="FormatException">It begins like one, but is none.</exception>
    public static RowView? Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (!text.StartsWith(Start, StringComparison.Ordinal))
        {
            return null;
        }

        try
        {
            string[] parts = text[Start.Length..].TrimEnd(')').Split(',');
            return new RowView(
                Numbers(parts[0]),
                [.. parts[1].Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(pick => pick.Split(':')).Select(pick => (int.Parse(pick[0], CultureInfo.InvariantCulture), int.Parse(pick[1], CultureInfo.InvariantCulture)))],
                Numbers(parts[2]));
        }
        catch (Exception error) when (error is FormatException or IndexOutOfRangeException or OverflowException)
        {
            throw new FormatException($"A view must be like 'view(0 3 1, 2:1, 3 4 64)', but is '{text}'.", error);
        }
    }

    /// <summary>The view as a program has it.</summary>
    /// <returns>Its text.</returns>
    public override string ToString() => $"{Start}{string.Join(' ', Axes)}, {string.Join(' ', Picks.Select(pick => $"{pick.Axis}:{pick.Element}"))}, {string.Join(' ', Split)})";

    private static ImmutableArray<int> Numbers(string text) => [.. text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(number => int.Parse(number, CultureInfo.InvariantCulture))];
}
