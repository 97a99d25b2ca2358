using Seedance.Onnx.Sampling;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx.Core.Tests.Sampling;

[Trait("Tier", "Unit")]
public sealed class SolverPlanTests
{
    private static readonly FlowSchedule Schedule = FlowSchedule.Shifted(5, shift: 3);

    [Fact]
    public void WithGuidance_OfAScale_SplitsTheVelocityColumnAndNothingElse()
    {
        SolverPlan plain = Solvers.UniPC(Schedule);

        SolverPlan guided = plain.WithGuidance(3.5);

        Assert.Equal(2, guided.Branches);
        Assert.Equal(plain.Keep, guided.Keep);
        foreach ((SolverStep before, SolverStep after) in plain.Steps.Zip(guided.Steps))
        {
            Assert.Equal((before.Sigma, before.Timestep), (after.Sigma, after.Timestep));
            for (int row = 0; row < plain.Keep; row++)
            {
                for (int state = 0; state < plain.Keep; state++)
                {
                    Assert.Equal(before[row, state], after[row, state]);
                }

                NumericAssert.Close(-2.5 * before[row, plain.Keep], after[row, plain.Keep], Tolerance.Fp64);
                NumericAssert.Close(3.5 * before[row, plain.Keep], after[row, plain.Keep + 1], Tolerance.Fp64);
                Assert.Equal(before[row, plain.Keep + 1], after[row, plain.Keep + 2]);
            }
        }
    }

    [Theory, InlineData(SolverKind.Euler), InlineData(SolverKind.Heun), InlineData(SolverKind.UniPC), InlineData(SolverKind.DpmSolverPlusPlus)]
    public void WithGuidance_TwoBranches_EqualsGuidingTheVelocityByHand(SolverKind kind)
    {
        SolverPlan plan = Solvers.Create(kind, Schedule);
        float[] noise = [0.3f, -1.2f, 2.1f];
        static float Branch(float x, double sigma, int branch) => (float)((branch == 0 ? 0.4 * x : Math.Cos(x)) - sigma);

        float[] guided = Sampler.Run(plan.WithGuidance(4), noise, (x, step, branch, v) =>
        {
            for (int i = 0; i < v.Length; i++)
            {
                v[i] = Branch(x[i], step.Sigma, branch);
            }
        });
        float[] byHand = Sampler.Run(plan, noise, (x, step, _, v) =>
        {
            for (int i = 0; i < v.Length; i++)
            {
                float negative = Branch(x[i], step.Sigma, 0);
                v[i] = negative + (4 * (Branch(x[i], step.Sigma, 1) - negative));
            }
        });

        NumericAssert.Close<float>(byHand, guided, new Tolerance("single precision, guidance amplifies it", 1e-5, 1e-5));
    }

    [Fact]
    public void WithGuidance_WeightsByNoiseLevel_ChangesFromStepToStep()
    {
        SolverPlan plan = Solvers.Euler(Schedule).WithGuidance(3, (step, weights) => weights[step.Sigma > 0.9 ? 2 : 0] = 1);

        Assert.Equal(3, plan.Branches);
        Assert.All(plan.Steps, step => Assert.Equal([step.Sigma > 0.9 ? 2 : 0], step.Rows.AsEnumerable()));
        Assert.Contains(plan.Steps, step => step.Sigma > 0.9);
        Assert.Contains(plan.Steps, step => step.Sigma <= 0.9);
    }

    [Fact]
    public void WithGuidance_Twice_IsRefused()
    {
        SolverPlan guided = Solvers.Euler(Schedule).WithGuidance(2);

        Assert.Throws<InvalidOperationException>(() => guided.WithGuidance(2));
        Assert.Throws<ArgumentOutOfRangeException>(() => Solvers.Euler(Schedule).WithGuidance(0, (_, _) => { }));
    }

    [Fact]
    public void Build_WithFreshNoise_SaysWhichStepsUseIt()
    {
        SolverPlan plan = SolverPlan.Build(Schedule, keep: 1, (step, w) =>
        {
            w[0, SolverWeights.State(0)] = 1 - Schedule[step + 1];
            w[0, w.Velocity] = -Schedule[step] * (1 - Schedule[step + 1]);
            w[0, w.Noise] = Schedule[step + 1];
        });

        Assert.Equal([true, true, true, true, false], plan.Steps.Select(step => step.UsesNoise));
        Assert.Equal([true, true, true, true, false], plan.WithGuidance(2).Steps.Select(step => step.UsesNoise));
    }

    [Fact]
    public void Build_BadArguments_AreRefused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => SolverPlan.Build(Schedule, keep: 0, (_, _) => { }));
        Assert.Throws<ArgumentOutOfRangeException>(() => SolverPlan.Build(Schedule, 1, evaluations: 0, i => i, (_, _) => { }));
        Assert.Throws<ArgumentOutOfRangeException>(() => SolverPlan.Build(Schedule, keep: 1, (_, w) => w[1, 0] = 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => SolverPlan.Build(Schedule, keep: 1, (_, w) => w[0, 3] = 1));
    }
}
