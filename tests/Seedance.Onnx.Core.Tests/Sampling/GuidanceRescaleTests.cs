using Seedance.Onnx.Sampling;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx.Core.Tests.Sampling;

[Trait("Tier", "Unit")]
public sealed class GuidanceRescaleTests
{
    [Theory, InlineData(0.0), InlineData(0.4), InlineData(1.0)]
    public void Apply_GuidedVelocities_ComeBackByTheDeviation(double rescale)
    {
        SolverPlan plan = Solvers.Euler(FlowSchedule.Shifted(4)).WithGuidance(2, rescale, (_, weights) => (weights[0], weights[1]) = (-2, 3));
        float[] velocities = [.. Normal(1), .. Normal(2)];
        double[] before = Guided(velocities);
        double wanted = (rescale * Deviation([.. velocities[64..].Select(value => (double)value)]) / Deviation(before)) + 1 - rescale;

        GuidanceRescale.Apply(plan.Steps[0], velocities);

        NumericAssert.Close<double>([.. before.Select(value => value * wanted)], Guided(velocities), new Tolerance("single precision", 1e-5, 1e-5));
    }

    [Fact]
    public void Apply_OnlyTheLastBranchCounts_ChangesNothing()
    {
        SolverPlan plan = Solvers.Euler(FlowSchedule.Shifted(4)).WithGuidance(2, rescale: 1, (_, weights) => weights[1] = 1);
        float[] velocities = [.. Normal(1), .. Normal(2)], before = [.. velocities];

        GuidanceRescale.Apply(plan.Steps[0], velocities);

        Assert.Equal(before, velocities);
    }

    [Theory, InlineData(-0.1), InlineData(1.1), InlineData(double.NaN)]
    public void WithGuidance_RescaleOutOfRange_IsRefused(double rescale) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Solvers.Euler(FlowSchedule.Shifted(4)).WithGuidance(2, rescale, (_, _) => { }));

    private static double[] Guided(float[] velocities) => [.. Enumerable.Range(0, 64).Select(i => (-2.0 * velocities[i]) + (3.0 * velocities[64 + i]))];

    private static double Deviation(double[] values) => Math.Sqrt(values.Average(value => value * value) - Math.Pow(values.Average(), 2));

    private static float[] Normal(ulong seed)
    {
        float[] values = new float[64];
        new TorchRandom(seed).FillNormal(values);
        return values;
    }
}
