using Seedance.Onnx.Sampling;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx.Core.Tests.Sampling;

[Trait("Tier", "Unit")]
public sealed class VelocityTurnTests
{
    private static readonly FlowSchedule Schedule = FlowSchedule.Shifted(20, shift: 2);
    private static readonly Tolerance Rounding = new("twenty steps in single precision, summed in another order", 1e-4, 1e-4);

    [Theory, InlineData(SolverKind.Euler), InlineData(SolverKind.Heun), InlineData(SolverKind.UniPC), InlineData(SolverKind.DpmSolverPlusPlus)]
    public void KeepingVelocity_AnySolver_KeepsTheGuidedVelocityAndTheSameLatents(SolverKind kind)
    {
        SolverPlan plan = Guided(kind), keeping = plan.KeepingVelocity();
        float[] noise = Samples(1);
        float[] kept = new float[noise.Length * keeping.Keep], velocities = [.. noise.Select(x => Velocity(x, keeping.Steps[0], 0)), .. noise.Select(x => Velocity(x, keeping.Steps[0], 1))];

        keeping.Steps[0].Apply([.. noise, .. new float[noise.Length * plan.Keep]], velocities, [], kept);

        Assert.Equal((plan.Keep + 1, 2), (keeping.Keep, keeping.Branches));
        NumericAssert.Close<float>(Sampler.Run(plan, noise, Curved), Sampler.Run(keeping, noise, Curved), Rounding);
        float[] expected = [.. velocities[..64].Zip(velocities[64..], (away, told) => away + (3 * (told - away)))];
        NumericAssert.Close<float>(expected, kept.AsSpan(kept.Length - noise.Length), Rounding);
    }

    [Theory, InlineData(SolverKind.Euler), InlineData(SolverKind.Heun), InlineData(SolverKind.UniPC), InlineData(SolverKind.DpmSolverPlusPlus)]
    public void Reusing_VelocityThatDoesNotTurn_IsTheStepItself(SolverKind kind)
    {
        SolverPlan plan = Guided(kind).KeepingVelocity();
        float[] states = Samples(2, plan.Keep), velocity = states[^64..], whole = new float[states.Length], reused = new float[states.Length];
        SolverStep step = plan.Steps[7];

        step.Apply(states, [.. velocity, .. velocity], [], whole);
        step.Reusing().Apply(states, [], [], reused);

        Assert.Equal((0, 2), (step.Reusing().Branches, step.Branches));
        NumericAssert.Close<float>(whole, reused, Rounding);
    }

    [Fact]
    public void Expect_VelocityThatTurnsEvenly_GrowsWithTheDistance()
    {
        SolverPlan plan = Solvers.Euler(FlowSchedule.Shifted(10, shift: 1));
        VelocityTurn turn = new(length: 1);

        turn.Keep(plan.Steps[0], [1f]);
        double afterOne = turn.Expect(plan.Steps[1]);
        turn.Keep(plan.Steps[1], [1.1f]);

        // A tenth of the noise turned it by 0.1 / 1.1 of itself.
        Assert.Equal(double.PositiveInfinity, afterOne);
        NumericAssert.Close<double>([0, 1 / 11.0, 2 / 11.0, 3 / 11.0], [.. plan.Steps.Skip(1).Take(4).Select(turn.Expect)], Tolerance.Fp32Accumulate(1));
    }

    [Fact]
    public void Expect_OtherGuidanceOrAnotherTransformer_IsInfinite()
    {
        SolverPlan plan = Solvers.Euler(FlowSchedule.Shifted(10, shift: 1)).WithGuidance(2, (step, weights) => weights[^1] = step.Sigma > 0.55 ? 2 : 1);
        VelocityTurn turn = new(length: 1);
        turn.Keep(plan.Steps[0], [1f]);
        turn.Keep(plan.Steps[1], [1f]);

        bool[] known = [.. plan.Steps.Select(step => turn.Expect(step) == 0)];
        turn.Forget();

        Assert.Equal(plan.Steps.Select(step => step.Sigma > 0.55), known);
        Assert.All(plan.Steps, step => Assert.Equal(double.PositiveInfinity, turn.Expect(step)));
        Assert.Throws<ArgumentException>(() => turn.Keep(plan.Steps[0], [1f, 2f]));
    }

    [Fact]
    public void WithGuidance_WeightsOfZero_RunsTheOtherBranchesToTheSameLatents()
    {
        GuidanceWeights inside = (step, weights) =>
        {
            (weights[0], weights[1]) = step.Sigma is > 0.3 and < 0.8 ? (-1.5, 2.5) : (0, 1);
        };
        SolverPlan plan = Solvers.UniPC(Schedule).WithGuidance(2, inside);
        float[] noise = Samples(3);

        float[] latents = Sampler.Run(plan, noise, Curved);

        float[] byHand = Sampler.Run(Solvers.UniPC(Schedule), noise, (x, step, _, velocity) =>
        {
            double[] weights = new double[2];
            inside(step, weights);
            for (int i = 0; i < velocity.Length; i++)
            {
                velocity[i] = (float)((weights[0] * Velocity(x[i], step, 0)) + (weights[1] * Velocity(x[i], step, 1)));
            }
        });
        NumericAssert.Close<float>(byHand, latents, Rounding);
        Assert.Contains(plan.Steps, step => step.Rows is [0, 1]);
        Assert.Contains(plan.Steps, step => step.Rows is [1]);
    }

    [Fact]
    public void WithGuidance_RescaleTowardsABranchOfNoWeight_RunsIt()
    {
        SolverPlan plan = Solvers.Euler(Schedule).WithGuidance(2, rescale: 0.5, (_, weights) => weights[0] = 1);

        Assert.All(plan.Steps, step => Assert.Equal([0, 1], step.Rows.AsEnumerable()));
    }

    private static SolverPlan Guided(SolverKind kind) => Solvers.Create(kind, Schedule).WithGuidance(3);

    private static float Velocity(float x, SolverStep step, int branch) => (0.3f * x) + branch - (float)(step.Sigma * step.Sigma);

    private static void Curved(ReadOnlySpan<float> x, SolverStep step, int branch, Span<float> velocity)
    {
        for (int i = 0; i < velocity.Length; i++)
        {
            velocity[i] = Velocity(x[i], step, branch);
        }
    }

    private static float[] Samples(ulong seed, int tensors = 1)
    {
        float[] values = new float[64 * tensors];
        new TorchRandom(seed).FillNormal(values);
        return values;
    }
}
