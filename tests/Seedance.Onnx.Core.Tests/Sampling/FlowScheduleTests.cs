using Seedance.Onnx.Sampling;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx.Core.Tests.Sampling;

[Trait("Tier", "Unit")]
public sealed class FlowScheduleTests
{
    public static TheoryData<string> Spacings => ["shifted", "unipc", "dpm", "trailing"];

    [Theory, MemberData(nameof(Spacings))]
    public void Sigmas_OfAnySpacing_FallFromNoiseToExactlyZero(string spacing)
    {
        foreach (int steps in new[] { 1, 2, 25, 1000 })
        {
            FlowSchedule schedule = Create(spacing, steps, shift: 3);

            Assert.Equal(steps, schedule.Steps);
            Assert.Equal(steps + 1, schedule.Sigmas.Count);
            Assert.Equal(steps, schedule.Timesteps.Count);
            Assert.InRange(schedule[0], 0.999, 1);
            Assert.Equal(0, schedule[steps]);
            Assert.All(Enumerable.Range(0, steps), step => Assert.True(schedule[step + 1] < schedule[step]));
        }
    }

    [Fact]
    public void Shifted_OneStep_GoesFromPureNoiseToClean()
    {
        FlowSchedule schedule = FlowSchedule.Shifted(1, shift: 5);

        Assert.Equal([1.0, 0.0], schedule.Sigmas);
        Assert.Equal([1000.0], schedule.Timesteps);
    }

    [Fact]
    public void Trailing_FourSteps_AreQuartersShifted()
    {
        FlowSchedule schedule = FlowSchedule.Trailing(4, shift: 3);

        NumericAssert.Close<double>([1, 0.9, 0.75, 0.5, 0], [.. schedule.Sigmas], Tolerance.Fp64);
        NumericAssert.Close<double>([1000, 900, 750, 500], [.. schedule.Timesteps], Tolerance.Fp64);
    }

    [Theory]
    [InlineData(2, 3, "0 1 2 5 8 10"), InlineData(2, 2, "0 1 2 4 6 8 10"), InlineData(0, 4, "0 4 8 10"), InlineData(0, 20, "0 10"), InlineData(10, 2, "0 1 2 3 4 5 6 7 8 9 10"), InlineData(3, 1, "0 1 2 3 4 5 6 7 8 9 10")]
    public void Thinned_BehindTheFirstSteps_LeavesLevelsOutAndKeepsTheirTimesteps(int first, int stride, string kept)
    {
        FlowSchedule whole = FlowSchedule.UniPC(10, shift: 3);
        int[] levels = [.. kept.Split(' ').Select(int.Parse)];

        FlowSchedule thinned = whole.Thinned(first, stride);

        Assert.Equal(levels.Select(level => whole[level]), thinned.Sigmas);
        Assert.Equal(levels.SkipLast(1).Select(level => whole.Timesteps[level]), thinned.Timesteps);
    }

    [Fact]
    public void Thinned_ArgumentsOutOfRange_AreRefused()
    {
        FlowSchedule whole = FlowSchedule.Shifted(10);

        Assert.Throws<ArgumentOutOfRangeException>(() => whole.Thinned(-1, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => whole.Thinned(11, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => whole.Thinned(2, 0));
    }

    [Theory, InlineData(0, 3, 0), InlineData(1, 3, 1), InlineData(0.5, 1, 0.5), InlineData(0.5, 3, 0.75), InlineData(0.25, 2, 0.4)]
    public void Shift_OfANoiseLevel_IsTheFormula(double sigma, double shift, double expected)
    {
        NumericAssert.Close(expected, FlowSchedule.Shift(sigma, shift), Tolerance.Fp64);
    }

    [Fact]
    public void Timesteps_OfAnotherTrainingLength_ScaleWithIt()
    {
        FlowSchedule schedule = FlowSchedule.Shifted(5, shift: 1, trainTimesteps: 500);

        NumericAssert.Close<double>([500, 375.25, 250.5, 125.75, 1], [.. schedule.Timesteps], Tolerance.Fp64);
    }

    [Theory, InlineData(0, 1, 1000), InlineData(-3, 1, 1000), InlineData(4, 0, 1000), InlineData(4, -1, 1000), InlineData(4, 1, 1)]
    [InlineData(4, double.NaN, 1000), InlineData(4, double.PositiveInfinity, 1000)]
    public void Spacings_OutOfRangeArguments_AreRefused(int steps, double shift, int trainTimesteps)
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => FlowSchedule.Shifted(steps, shift, trainTimesteps));
        Assert.Throws<ArgumentOutOfRangeException>(() => FlowSchedule.UniPC(steps, shift, trainTimesteps));
        Assert.Throws<ArgumentOutOfRangeException>(() => FlowSchedule.DpmSolver(steps, shift, trainTimesteps));
        Assert.Throws<ArgumentOutOfRangeException>(() => FlowSchedule.Trailing(steps, shift, trainTimesteps));
    }

    [Fact]
    public void FromSigmas_FallingLevels_KeepsThem()
    {
        FlowSchedule schedule = FlowSchedule.FromSigmas([0.9, 0.5, 0.1]);

        Assert.Equal([0.9, 0.5, 0.1], schedule.Sigmas);
        NumericAssert.Close<double>([900, 500], [.. schedule.Timesteps], Tolerance.Fp64);
    }

    [Fact]
    public void FromSigmas_LevelsThatAreNoSchedule_AreRefused()
    {
        double[][] wrong = [[], [1], [1.1, 0], [1, -0.1], [0.5, 0.5], [0.2, 0.6], [1, double.NaN, 0], [double.NaN, 0]];

        Assert.All(wrong, sigmas => Assert.Throws<ArgumentException>(() => FlowSchedule.FromSigmas(sigmas)));
    }

    private static FlowSchedule Create(string spacing, int steps, double shift) => spacing switch
    {
        "shifted" => FlowSchedule.Shifted(steps, shift),
        "unipc" => FlowSchedule.UniPC(steps, shift),
        "trailing" => FlowSchedule.Trailing(steps, shift),
        _ => FlowSchedule.DpmSolver(steps, shift),
    };
}
