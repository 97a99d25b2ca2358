using Seedance.Onnx.Sampling;

namespace Seedance.Onnx.Core.Tests.Sampling;

[Trait("Tier", "Unit")]
public sealed class SamplerTests
{
    [Theory, InlineData(SolverKind.Euler), InlineData(SolverKind.Heun), InlineData(SolverKind.UniPC), InlineData(SolverKind.DpmSolverPlusPlus)]
    public void Advance_AnySolver_AllocatesNothing(SolverKind kind)
    {
        SolverPlan plan = Solvers.Create(kind, FlowSchedule.Shifted(8, shift: 3)).WithGuidance(5);
        var sampler = new Sampler(plan, 4099);
        float[] noise = new float[4099];
        Run(sampler, noise);
        long before = GC.GetAllocatedBytesForCurrentThread();

        Run(sampler, noise);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.Equal(0, allocated);
    }

    [Fact]
    public void Start_AfterARun_BeginsAnew()
    {
        SolverPlan plan = Solvers.UniPC(FlowSchedule.UniPC(6, shift: 3));
        var sampler = new Sampler(plan, 2);
        Run(sampler, [1, -1]);
        float[] first = sampler.Latents.ToArray();

        Run(sampler, [1, -1]);

        Assert.Equal(first, sampler.Latents.ToArray());
    }

    [Fact]
    public void Advance_WithFreshNoise_UsesIt()
    {
        SolverPlan plan = SolverPlan.Build(FlowSchedule.Shifted(2), keep: 1, (_, w) => w[0, w.Noise] = 2);
        var sampler = new Sampler(plan, 2);
        sampler.Start([5, 5]);
        sampler.Noise[0] = 3;
        sampler.Noise[1] = 4;

        sampler.Advance();

        Assert.Equal([6, 8], sampler.Latents.ToArray());
        Assert.Throws<ArgumentException>(() => Sampler.Run(plan, [1, 2], (_, _, _, _) => { }));
    }

    [Fact]
    public void Advance_AfterTheLastStep_IsRefused()
    {
        var sampler = new Sampler(Solvers.Euler(FlowSchedule.Shifted(1)), 2);
        sampler.Start([1, 2]);
        sampler.Advance();

        Assert.True(sampler.IsDone);
        Assert.Throws<InvalidOperationException>(sampler.Advance);
        Assert.Throws<InvalidOperationException>(() => sampler.Current);
    }

    [Fact]
    public void Start_AnotherLength_IsRefused()
    {
        var sampler = new Sampler(Solvers.Euler(FlowSchedule.Shifted(1)), 2);

        Assert.Throws<ArgumentException>(() => sampler.Start([1, 2, 3]));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Sampler(sampler.Plan, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Sampler(Solvers.Heun(FlowSchedule.Shifted(1)), int.MaxValue));
    }

    private static void Run(Sampler sampler, ReadOnlySpan<float> noise)
    {
        sampler.Start(noise);
        while (!sampler.IsDone)
        {
            for (int branch = 0; branch < sampler.Current.Branches; branch++)
            {
                Span<float> velocity = sampler.Velocity(branch);
                for (int i = 0; i < velocity.Length; i++)
                {
                    velocity[i] = (0.3f * sampler.Latents[i]) + branch - (float)sampler.Current.Sigma;
                }
            }

            sampler.Advance();
        }
    }
}
