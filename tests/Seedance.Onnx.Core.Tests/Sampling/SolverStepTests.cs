using Seedance.Onnx.Sampling;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx.Core.Tests.Sampling;

[Trait("Tier", "Unit")]
public sealed class SolverStepTests
{
    private const int Keep = 3;
    private const int Branches = 2;

    [Theory, InlineData(1), InlineData(7), InlineData(64), InlineData(1023), InlineData(1024), InlineData(5000)]
    public void Apply_AnyLength_IsTheMatrixProduct(int length)
    {
        SolverStep step = Step();
        float[] states = Values(1, Keep * length), velocities = Values(2, Branches * length), noise = Values(3, length);
        float[] actual = new float[Keep * length];

        step.Apply(states, velocities, noise, actual);

        float[][] inputs = [.. states.Chunk(length), .. velocities.Chunk(length), noise];
        float[] expected = [.. Enumerable.Range(0, Keep * length).Select(i =>
            (float)inputs.Select((input, column) => step[i / length, column] * input[i % length]).Sum())];
        NumericAssert.Close<float>(expected, actual, Tolerance.Fp32Accumulate(inputs.Length));
    }

    [Fact]
    public void Apply_WeightOfZero_DoesNotReadItsInput()
    {
        SolverStep step = SolverPlan.Build(FlowSchedule.Shifted(2), keep: 1, (_, w) => w[0, SolverWeights.State(0)] = 1).Steps[0];
        float[] actual = new float[2];

        step.Apply([1, 2], [float.NaN, float.NaN], [], actual);

        Assert.Equal([1, 2], actual);
    }

    [Fact]
    public void Apply_LengthsThatDoNotFit_AreRefused()
    {
        SolverStep step = Step();
        float[] states = new float[30], velocities = new float[20], noise = new float[10];

        Assert.Throws<ArgumentException>(() => step.Apply(states, velocities, noise, new float[31]));
        Assert.Throws<ArgumentException>(() => step.Apply(states, velocities, noise, new float[27]));
        Assert.Throws<ArgumentException>(() => step.Apply(states.AsSpan(1), velocities, noise, new float[30]));
        Assert.Throws<ArgumentException>(() => step.Apply(states, velocities.AsSpan(1), noise, new float[30]));
        Assert.Throws<ArgumentException>(() => step.Apply(states, velocities, noise.AsSpan(1), new float[30]));
        Assert.Throws<ArgumentException>(() => step.Apply(states, velocities, [], new float[30]));
    }

    [Fact]
    public void Apply_InPlace_IsRefused()
    {
        float[] states = new float[30];

        Assert.Throws<ArgumentException>(() => Step().Apply(states, new float[20], new float[10], states));
    }

    [Fact]
    public void CopyWeights_OfAStep_RoundsTheMatrixToSinglePrecision()
    {
        SolverStep step = Step();
        float[] actual = new float[Keep * step.Columns];

        step.CopyWeights(actual);

        Assert.Equal(step.Weights.ToArray().Select(weight => (float)weight), actual);
        Assert.Throws<ArgumentException>(() => step.CopyWeights(new float[3]));
    }

    private static SolverStep Step()
    {
        double[] weights = [.. Values(4, Keep * (Keep + Branches + 1)).Select(value => (double)value)];
        weights[4] = 0;
        return new SolverStep(sigma: 0.5, timestep: 500, Keep, [0, 1], weights, new double[Branches]);
    }

    private static float[] Values(ulong seed, int count)
    {
        float[] values = new float[count];
        new TorchRandom(seed).FillUniform(values);
        return values;
    }
}
