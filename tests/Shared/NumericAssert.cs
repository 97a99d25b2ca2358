using System.Numerics;
using Xunit.Sdk;

namespace Seedance.Onnx.Testing;

/// <summary>Comparisons of numbers. NaN is close to nothing, and the message says how many differ, where the worst is, and both values.</summary>
internal static class NumericAssert
{
    public static void Close<T>(ReadOnlySpan<T> expected, ReadOnlySpan<T> actual, Tolerance tolerance)
        where T : IFloatingPointIeee754<T>
    {
        Assert.True(expected.Length == actual.Length, $"Length must be {expected.Length}, but is {actual.Length}.");
        int wrong = 0, worst = 0;
        double worstExcess = double.NegativeInfinity;
        for (int i = 0; i < expected.Length; i++)
        {
            double wanted = double.CreateChecked(expected[i]);
            double error = Math.Abs(double.CreateChecked(actual[i]) - wanted);
            double excess = error - (tolerance.Absolute + (tolerance.Relative * Math.Abs(wanted)));
            bool close = excess <= 0;
            wrong += close ? 0 : 1;
            if (double.IsNaN(excess) ? !double.IsNaN(worstExcess) : excess > worstExcess)
            {
                (worst, worstExcess) = (i, excess);
            }
        }

        if (wrong > 0)
        {
            throw new XunitException(
                $"{wrong} of {expected.Length} values differ by more than {tolerance.Absolute:g3} + {tolerance.Relative:g3} · |expected| "
                + $"({tolerance.Reason}). Worst at index {worst}: expected {expected[worst]:g9}, actual {actual[worst]:g9}.");
        }
    }

    public static void Close(double expected, double actual, Tolerance tolerance) => Close<double>([expected], [actual], tolerance);
}
