using Seedance.Onnx.Sampling;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx.Core.Tests.Sampling;

[Trait("Tier", "Unit")]
public sealed class SolversTests
{
    private static readonly Tolerance LambdaStart = new("solvers in λ start at σ = 1 − 1e-6", 1e-5, 0);

    public static TheoryData<SolverKind, int> Everything => new()
    {
        { SolverKind.Euler, 2 },
        { SolverKind.Heun, 2 },
        { SolverKind.UniPC, 1 },
        { SolverKind.UniPC, 2 },
        { SolverKind.UniPC, 3 },
        { SolverKind.DpmSolverPlusPlus, 1 },
        { SolverKind.DpmSolverPlusPlus, 2 },
        { SolverKind.DpmSolverPlusPlus, 3 },
    };

    [Theory, MemberData(nameof(Everything))]
    public void AnySolver_ConstantVelocity_LandsOnTheDataPoint(SolverKind kind, int order)
    {
        float[] noise = Normal(7), data = Normal(8);

        foreach (int steps in new[] { 1, 2, 3, 4, 15, 30 })
        {
            SolverPlan plan = Solvers.Create(kind, FlowSchedule.Shifted(steps, shift: 3), order);

            float[] landed = Sampler.Run(plan, noise, (_, _, _, velocity) =>
            {
                for (int i = 0; i < velocity.Length; i++)
                {
                    velocity[i] = noise[i] - data[i];
                }
            });

            Tolerance tolerance = kind is SolverKind.Euler or SolverKind.Heun ? Tolerance.Fp32Accumulate(steps) : LambdaStart;
            NumericAssert.Close<float>(expected: data, actual: landed, tolerance);
        }
    }

    // v = x² has x(σ) = 1 / (2 − σ): the error must fall by 2^order when the steps are halved. UniPC ends with one step of order 1.
    [Theory]
    [InlineData(SolverKind.Euler, 2, 1), InlineData(SolverKind.Heun, 2, 2)]
    [InlineData(SolverKind.UniPC, 1, 2), InlineData(SolverKind.UniPC, 2, 2), InlineData(SolverKind.UniPC, 3, 2)]
    [InlineData(SolverKind.DpmSolverPlusPlus, 1, 1), InlineData(SolverKind.DpmSolverPlusPlus, 2, 2), InlineData(SolverKind.DpmSolverPlusPlus, 3, 2)]
    public void AnySolver_HalvedSteps_ConvergesWithItsOrder(SolverKind kind, int order, int expected)
    {
        double coarse = Error(kind, order, steps: 16), fine = Error(kind, order, steps: 32);

        double measured = Math.Log2(coarse / fine);

        Assert.True(measured > expected - 0.15, $"Order must be {expected}, but is {measured:f2} (errors {coarse:g3}, {fine:g3}).");
    }

    [Fact]
    public void UniPC_BeforeItsLastStep_ConvergesWithOneOrderMore()
    {
        double coarse = Error(SolverKind.UniPC, 2, steps: 32, leaveOut: 1), fine = Error(SolverKind.UniPC, 2, steps: 64, leaveOut: 1);

        double measured = Math.Log2(coarse / fine);

        Assert.True(measured > 2.85, $"Order must be 3, but is {measured:f2} (errors {coarse:g3}, {fine:g3}).");
    }

    [Theory, InlineData(1), InlineData(2), InlineData(9)]
    public void Heun_OfNSteps_EvaluatesTwiceAStepButOnceInTheLast(int steps)
    {
        FlowSchedule schedule = FlowSchedule.Shifted(steps, shift: 2);

        SolverPlan plan = Solvers.Heun(schedule);

        double[] levels = [schedule[0], .. Enumerable.Range(1, steps - 1).SelectMany(step => new[] { schedule[step], schedule[step] })];
        Assert.Equal(levels, plan.Steps.Select(step => step.Sigma));
        Assert.Equal(levels.Select(level => level * 1000), plan.Steps.Select(step => step.Timestep));
    }

    [Theory, InlineData(SolverKind.Euler, 1), InlineData(SolverKind.Heun, 2), InlineData(SolverKind.UniPC, 3), InlineData(SolverKind.DpmSolverPlusPlus, 2)]
    public void AnySolver_SecondOrder_KeepsThisManyTensors(SolverKind kind, int keep)
    {
        SolverPlan plan = Solvers.Create(kind, FlowSchedule.Shifted(6));

        Assert.Equal(keep, plan.Keep);
        Assert.Equal(1, plan.Branches);
        Assert.All(plan.Steps, step => Assert.False(step.UsesNoise));
        Assert.All(plan.Steps.SelectMany(step => step.Weights.ToArray()), weight => Assert.True(double.IsFinite(weight)));
    }

    // ∫ e^λ m(λ) dλ is known for a polynomial m: an order of p must be exact for degree p − 1, a corrector for degree p.
    [Theory, InlineData(3, 2)]
    public void UniPCPredictor_PolynomialData_IsExact(int order, int degree)
    {
        FlowSchedule schedule = FlowSchedule.FromSigmas([0.9, 0.8, 0.63, 0.5, 0.33]);
        double[] weights = UniPCWeights.Predictor(schedule, step: 2, order);

        NumericAssert.Close(ExactMove(schedule, 2, degree), Weigh(schedule, weights, [2, 1, 0], degree), new Tolerance("differences of λ", 1e-9, 1e-9));
    }

    [Theory, InlineData(2, 1), InlineData(2, 2), InlineData(3, 2), InlineData(3, 3)]
    public void UniPCCorrector_PolynomialData_IsExact(int order, int degree)
    {
        FlowSchedule schedule = FlowSchedule.FromSigmas([0.9, 0.8, 0.63, 0.5, 0.33]);
        double[] weights = UniPCWeights.Corrector(schedule, step: 2, order);

        int[] nodes = order == 2 ? [2, 1, 3] : [2, 1, 0, 3];
        NumericAssert.Close(ExactMove(schedule, 2, degree), Weigh(schedule, weights, nodes, degree), new Tolerance("differences of λ", 1e-9, 1e-9));
    }

    [Theory, InlineData(0), InlineData(4)]
    public void Multistep_AnOrderThatDoesNotExist_IsRefused(int order)
    {
        FlowSchedule schedule = FlowSchedule.Shifted(4);

        Assert.Throws<ArgumentOutOfRangeException>(() => Solvers.UniPC(schedule, order));
        Assert.Throws<ArgumentOutOfRangeException>(() => Solvers.DpmSolverPlusPlus(schedule, order));
        Assert.Throws<ArgumentOutOfRangeException>(() => Solvers.Create((SolverKind)99, schedule));
    }

    [Fact]
    public void Names_OfAllSolvers_ReadBack()
    {
        Assert.Equal(["euler", "heun", "unipc", "dpm++", "lcm"], SolverNames.All);
        Assert.All(Enum.GetValues<SolverKind>(), kind => Assert.True(SolverNames.TryParse(kind.ToName(), out SolverKind read) && read == kind));
        Assert.False(SolverNames.TryParse("Euler", out _));
        Assert.False(SolverNames.TryParse(null, out _));
    }

    /// <summary>How far a plan is off for v = x², in double precision, after leaving out some steps at the end.</summary>
    private static double Error(SolverKind kind, int order, int steps, int leaveOut = 0)
    {
        const double start = 0.8, end = 0.2;
        FlowSchedule schedule = FlowSchedule.FromSigmas([.. Enumerable.Range(0, steps + 1).Select(i => start + ((end - start) * i / steps))]);
        SolverPlan plan = Solvers.Create(kind, schedule, order);
        double[] state = new double[plan.Keep];
        state[0] = 1 / (2 - start);
        foreach (SolverStep step in plan.Steps.Take(plan.Steps.Length - leaveOut))
        {
            double[] inputs = [.. state, state[0] * state[0]];
            state = [.. Enumerable.Range(0, plan.Keep).Select(row => inputs.Select((input, column) => step[row, column] * input).Sum())];
        }

        return Math.Abs(state[0] - (1 / (2 - schedule[steps - leaveOut])));
    }

    /// <summary>α_t ∫ e^(λ − λ_t) (λ − λ_s)^degree dλ over the move, in closed form.</summary>
    private static double ExactMove(FlowSchedule schedule, int step, int degree)
    {
        double h = LambdaSpace.Lambda(schedule, step + 1) - LambdaSpace.Lambda(schedule, step);
        double integral = 1 - Math.Exp(-h);
        for (int k = 1; k <= degree; k++)
        {
            integral = Math.Pow(h, k) - (k * integral);
        }

        return (1 - schedule[step + 1]) * integral;
    }

    private static double Weigh(FlowSchedule schedule, double[] weights, int[] nodes, int degree)
    {
        Assert.Equal(nodes.Length, weights.Length);
        double origin = LambdaSpace.Lambda(schedule, nodes[0]);
        return nodes.Select((node, i) => weights[i] * Math.Pow(LambdaSpace.Lambda(schedule, node) - origin, degree)).Sum();
    }

    private static float[] Normal(ulong seed)
    {
        float[] values = new float[64];
        new TorchRandom(seed).FillNormal(values);
        return values;
    }
}
