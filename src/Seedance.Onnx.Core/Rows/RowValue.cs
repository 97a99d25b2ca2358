using System.Globalization;
using System.Runtime.InteropServices;

namespace Seedance.Onnx.Rows;

/// <summary>What a step of a <see cref="RowProgram"/> reads or makes: "i0", "t1", "o0" or a number.</summary>
/// <param name="Kind">Where it stands.</param>
/// <param name="Index">Which input, temporary row or output, from 0; 0 for a number.</param>
/// <param name="Number">The number; 0 for others.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct RowValue(RowValueKind Kind, int Index, float Number = 0)
{
    private const string Letters = "?ito";

    /// <summary>A number of the program.</summary>
    /// <param name="number">The number.</param>
    /// <returns>It, as what a step reads.</returns>
    public static RowValue Of(float number) => new(RowValueKind.Number, 0, number);

    /// <summary>Reads a value's text.</summary>
    /// <param name="text">The text.</param>
    /// <returns>The value.</returns>
    /// <exception cref="FormatException">It is none.</exception>
    public static RowValue Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        int kind = text.Length > 1 ? Letters.IndexOf(text[0], StringComparison.Ordinal) : -1;
        if (kind > 0 && int.TryParse(text.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out int index))
        {
            return new RowValue((RowValueKind)kind, index);
        }

        return float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out float number)
            ? Of(number)
            : throw new FormatException($"A value must be i0, t0, o0 (any index) or a number, but is '{text}'.");
    }

    /// <summary>The value as a program has it.</summary>
    /// <returns>Its text.</returns>
    public override string ToString() => Kind == RowValueKind.Number ? Number.ToString("R", CultureInfo.InvariantCulture) : string.Create(CultureInfo.InvariantCulture, $"{Letters[(int)Kind]}{Index}");
}
