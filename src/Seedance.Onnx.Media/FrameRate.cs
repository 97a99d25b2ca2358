using System.Runtime.InteropServices;

namespace Seedance.Onnx.Media;

/// <summary>Frames per second as an exact fraction. The default value is no rate; everything here refuses it.</summary>
[StructLayout(LayoutKind.Auto)]
public readonly record struct FrameRate
{
    /// <summary>Makes a rate of <paramref name="numerator"/> / <paramref name="denominator"/> frames per second.</summary>
    /// <param name="numerator">At least 1; 30000 for NTSC's 29.97.</param>
    /// <param name="denominator">At least 1, 1 if not specified; 1001 for NTSC's 29.97.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is below 1.</exception>
    public FrameRate(int numerator, int denominator = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(numerator, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(denominator, 1);
        Numerator = numerator;
        Denominator = denominator;
    }

    /// <summary>Frames in <see cref="Denominator"/> seconds.</summary>
    public int Numerator { get; }

    /// <summary>Seconds that <see cref="Numerator"/> frames take.</summary>
    public int Denominator { get; }

    /// <summary>Frames per second.</summary>
    public double FramesPerSecond => (double)Numerator / Denominator;

    /// <summary>When frame <paramref name="index"/> (0 is the first) is shown, from the start of the video.</summary>
    public TimeSpan TimeOf(int index) => TimeSpan.FromSeconds((double)index * Denominator / Numerator);

    /// <summary>The rate as "8" or "30000/1001".</summary>
    public override string ToString() => Denominator == 1 ? $"{Numerator}" : $"{Numerator}/{Denominator}";

    internal FrameRate OrThrow(string parameter)
        => Numerator > 0 ? this : throw new ArgumentException("Frame rate must be above 0, but is empty. Make it with a numerator.", parameter);

    internal static FrameRate? TryParse(string? text)
    {
        string[] parts = (text ?? "").Split('/');
        return parts.Length == 2 && int.TryParse(parts[0], out int numerator) && int.TryParse(parts[1], out int denominator)
            && numerator > 0 && denominator > 0
            ? new FrameRate(numerator, denominator)
            : null;
    }
}
