namespace Seedance.Onnx.Testing;

/// <summary>How far apart two numbers may be: |actual − expected| ≤ absolute + relative · |expected|. Every tolerance has a name and a reason.</summary>
/// <param name="Reason">Why the numbers may differ at all; shown when they differ by more.</param>
/// <param name="Absolute">The absolute part.</param>
/// <param name="Relative">The part that grows with the expected value.</param>
internal sealed record Tolerance(string Reason, double Absolute, double Relative)
{
    /// <summary>No difference at all.</summary>
    public static Tolerance Exact { get; } = new("the same arithmetic on the same bits", 0, 0);

    /// <summary>Double-precision arithmetic in another order.</summary>
    public static Tolerance Fp64 { get; } = new("double precision in another order", 1e-12, 1e-12);

    /// <summary>Sums of single-precision products, one rounding or two a step, each relative to values of size 1 or so.</summary>
    /// <param name="steps">How many steps add up.</param>
    public static Tolerance Fp32Accumulate(int steps) => new($"single precision over {steps} steps", 2.4e-7 * (steps + 4), 2.4e-7 * (steps + 4));
}
