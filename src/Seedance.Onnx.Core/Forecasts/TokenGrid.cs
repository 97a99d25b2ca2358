using System.Runtime.InteropServices;

namespace Seedance.Onnx.Forecasts;

/// <summary>The tokens of one pass through a transformer.</summary>
/// <param name="Frames">f: frames of tokens.</param>
/// <param name="Rows">h: rows of tokens in a frame.</param>
/// <param name="Columns">w: columns of tokens.</param>
/// <param name="Text">S: tokens of the prompt.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct TokenGrid(int Frames, int Rows, int Columns, int Text)
{
    /// <summary>Tokens of the video.</summary>
    public double Video => (double)Frames * Rows * Columns;
}
