using Seedance.Onnx.Sampling;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx.Core.Tests.Sampling;

/// <summary>Consistency sampling, and looks at a run under way.</summary>
[Trait("Tier", "Unit")]
public sealed class LcmTests
{
    [Theory, InlineData(1), InlineData(4)]
    public void Lcm_VelocityTowardsOnePoint_LandsOnItWhateverTheNoise(int steps)
    {
        float[] data = Normal(8), fresh = Normal(9);
        var sampler = new Sampler(Solvers.Lcm(FlowSchedule.Shifted(steps, shift: 3)), 64);
        sampler.Start(Normal(7));

        while (!sampler.IsDone)
        {
            WriteVelocity(sampler, data);
            if (sampler.Current.UsesNoise)
            {
                fresh.CopyTo(sampler.Noise);
            }

            sampler.Advance();
        }

        NumericAssert.Close<float>(data, sampler.Latents, Tolerance.Fp32Accumulate(4 * steps));
    }

    [Fact]
    public void Lcm_EveryStepButTheLast_MixesFreshNoiseInAtTheNextLevel()
    {
        FlowSchedule schedule = FlowSchedule.Shifted(4, shift: 3);

        SolverPlan plan = Solvers.Lcm(schedule);

        Assert.Equal(schedule.Sigmas.Skip(1), plan.Steps.Select(step => step[0, 2]));
        Assert.Equal([true, true, true, false], plan.Steps.Select(step => step.UsesNoise));
    }

    [Theory, InlineData(SolverKind.Euler), InlineData(SolverKind.Heun), InlineData(SolverKind.UniPC), InlineData(SolverKind.DpmSolverPlusPlus), InlineData(SolverKind.Lcm)]
    public void PredictClean_VelocityTowardsOnePoint_SeesItAfterEveryStep(SolverKind kind)
    {
        float[] data = Normal(8), seen = new float[64];
        var sampler = new Sampler(Solvers.Create(kind, FlowSchedule.Shifted(5, shift: 3)).WithGuidance(2.5), 64);
        sampler.Start(Normal(7));
        Assert.Throws<InvalidOperationException>(() => sampler.PredictClean(seen));

        while (!sampler.IsDone)
        {
            WriteVelocity(sampler, data);
            new TorchRandom((ulong)sampler.Done).FillNormal(sampler.Noise);
            sampler.Advance();
            sampler.PredictClean(seen);

            NumericAssert.Close<float>(data, seen, new Tolerance("differences of velocities of both branches", 2e-4, 2e-4));
        }
    }

    private static void WriteVelocity(Sampler sampler, float[] data)
    {
        for (int branch = 0; branch < sampler.Current.Branches; branch++)
        {
            Span<float> velocity = sampler.Velocity(branch);
            for (int i = 0; i < velocity.Length; i++)
            {
                velocity[i] = (float)((sampler.Latents[i] - data[i]) / sampler.Current.Sigma);
            }
        }
    }

    private static float[] Normal(ulong seed)
    {
        float[] values = new float[64];
        new TorchRandom(seed).FillNormal(values);
        return values;
    }
}
