using System.Collections.Immutable;
using Seedance.Onnx.Graphs.Composition;
using Seedance.Onnx.Graphs.Optimization;
using Seedance.Onnx.Graphs.Tests.Running;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Sampling;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx.Graphs.Tests.Composition;

[Trait("Tier", "Graph")]
public sealed class StepGraphTests
{
    private const int Frames = 3, Height = 4, Width = 6, Tokens = 5, Latents = 4 * Frames * Height * Width;

    private static readonly TransformerChannels Channels = new([new(ChannelKind.Noisy, 4), new(ChannelKind.Mask, 1), new(ChannelKind.Condition, 4)]);

    [Theory]
    [InlineData(SolverKind.Euler, true)]
    [InlineData(SolverKind.Heun, true)]
    [InlineData(SolverKind.UniPC, true)]
    [InlineData(SolverKind.DpmSolverPlusPlus, false)]
    public void Compose_TwentySteps_AreThoseOfTheLoopOutside(SolverKind kind, bool optimized)
    {
        OnnxModel transformer = Transformer();
        SolverPlan plan = Solvers.Create(kind, FlowSchedule.Shifted(20, shift: 3)).WithGuidance(3.5);
        float[] noise = Numbers.Between(7, Latents);
        OnnxModel step = StepGraph.Compose(transformer, new StepGraphOptions { Channels = Channels, Keep = plan.Keep, Branches = 2 });
        if (optimized)
        {
            GraphOptimizer.Optimize(step, new OptimizationOptions());
        }

        float[] state = new float[plan.Keep * Latents];
        noise.CopyTo(state, 0);
        foreach (SolverStep one in plan.Steps)
        {
            float[] weights = new float[plan.Keep * one.Columns];
            one.CopyWeights(weights);
            Dictionary<string, OnnxTensor> inputs = new(Conditions(branches: 2), StringComparer.Ordinal)
            {
                ["state"] = OnnxTensor.Create<float>("", state, plan.Keep, 4, Frames, Height, Width),
                ["weights"] = OnnxTensor.Create<float>("", weights, plan.Keep, one.Columns),
                ["timestep"] = OnnxTensor.Create<float>("", [(float)one.Timestep], 1),
            };
            state = OnnxRun.Run(step, inputs)["next_state"].ToArray<float>();
        }

        float[] expected = Sampler.Run(plan, noise, (latents, at, branch, velocity) => Velocity(transformer, latents, at, branch).CopyTo(velocity));
        NumericAssert.Close<float>(expected, state.AsSpan(0, Latents), new Tolerance("twenty steps in single precision", 1e-5, 1e-5));
    }

    [Theory]
    [InlineData(SolverKind.Euler, 1.0, 0.0, 1)]
    [InlineData(SolverKind.Euler, 4.0, 0.7, 2)]
    [InlineData(SolverKind.Heun, 2.0, 0.0, 2)]
    [InlineData(SolverKind.UniPC, 3.5, 1.0, 2)]
    public void Compose_FreeKeepAndBranches_OneGraphServesEveryPlan(SolverKind kind, double guidance, double rescale, int branches)
    {
        OnnxModel transformer = Transformer(), step = StepGraph.Compose(transformer, new StepGraphOptions { Channels = Channels, Keep = null, Branches = null, UsesNoise = true, RescalesGuidance = true });
        GraphOptimizer.Optimize(step, new OptimizationOptions());
        SolverPlan plan = Solvers.Create(kind, FlowSchedule.Shifted(6, shift: 3));
        plan = branches == 1 ? plan : plan.WithGuidance(branches, rescale, (_, shares) => (shares[0], shares[1]) = (1 - guidance, guidance));
        float[] noise = Numbers.Between(7, Latents), state = new float[plan.Keep * Latents];
        noise.CopyTo(state, 0);
        foreach (SolverStep one in plan.Steps)
        {
            float[] weights = new float[plan.Keep * one.Columns];
            one.CopyWeights(weights);
            float[] shares = new float[branches + 1];
            one.CopyGuidance(shares);
            Dictionary<string, OnnxTensor> inputs = new(Conditions(branches), StringComparer.Ordinal)
            {
                ["state"] = OnnxTensor.Create<float>("", state, plan.Keep, 4, Frames, Height, Width),
                ["noise"] = OnnxTensor.Create<float>("", new float[Latents], 1, 4, Frames, Height, Width),
                ["weights"] = OnnxTensor.Create<float>("", weights, plan.Keep, one.Columns),
                ["guidance"] = OnnxTensor.Create<float>("", shares, 1, branches + 1),
                ["timestep"] = OnnxTensor.Create<float>("", Enumerable.Repeat((float)one.Timestep, branches).ToArray(), branches),
            };
            state = OnnxRun.Run(step, inputs)["next_state"].ToArray<float>();
        }

        float[] expected = Sampler.Run(plan, noise, (latents, at, branch, velocity) => Velocity(transformer, latents, at, branch).CopyTo(velocity));
        NumericAssert.Close<float>(expected, state.AsSpan(0, Latents), new Tolerance("six steps in single precision", 1e-5, 1e-5));
    }

    [Fact]
    public void Compose_WithNoiseAndVelocity_HasBoth()
    {
        OnnxModel step = StepGraph.Compose(Transformer(), new StepGraphOptions { Channels = Channels, Branches = 2, UsesNoise = true, EmitsVelocity = true });
        Dictionary<string, OnnxTensor> inputs = new(Conditions(branches: 2), StringComparer.Ordinal)
        {
            ["state"] = Numbers.Tensor(1, 1, 4, Frames, Height, Width),
            ["noise"] = Numbers.Tensor(2, 1, 4, Frames, Height, Width),
            ["weights"] = OnnxTensor.Create<float>("", [2f, 3, 5, 7], 1, 4),
            ["timestep"] = OnnxTensor.Create<float>("", [500f], 1),
        };

        IReadOnlyDictionary<string, OnnxTensor> outputs = OnnxRun.Run(step, inputs);

        float[] state = inputs["state"].ToArray<float>(), noise = inputs["noise"].ToArray<float>(), velocity = outputs["velocity"].ToArray<float>();
        float[] expected = [.. state.Select((x, i) => (2 * x) + (3 * velocity[i]) + (5 * velocity[i + Latents]) + (7 * noise[i]))];
        Assert.Equal<long>([2, 4, Frames, Height, Width], outputs["velocity"].Dimensions);
        NumericAssert.Close<float>(expected, outputs["next_state"].ToArray<float>(), Tolerance.Fp32Accumulate(30));
    }

    [Fact]
    public void Compose_OneBranchAndNoConditions_NeedsNothingElse()
    {
        OnnxModel plain = TinyModels.Build(g =>
        {
            g.Input("hidden_states", OnnxElementType.Float32, "B", 4, "f", "h", "w");
            g.Input("timestep", OnnxElementType.Int64, "B");
            string time = g.Add("Reshape", [g.Add("Cast", ["timestep"], OnnxAttribute.Create("to", 1)), g.Integers(-1, 1, 1, 1, 1)]);
            g.Output(g.Rename(g.Add("Mul", ["hidden_states", time]), "out_hidden_states"), OnnxElementType.Float32, "B", 4, "f", "h", "w");
        });

        OnnxModel step = StepGraph.Compose(plain, new StepGraphOptions { Channels = new([new(ChannelKind.Noisy, 4)]) });

        Assert.Equal(["state", "weights", "timestep"], step.Graph.Inputs.Select(input => input.Name));
        OnnxTensor next = OnnxRun.Run(step, new Dictionary<string, OnnxTensor>(StringComparer.Ordinal)
        {
            ["state"] = OnnxTensor.Create<float>("", [1, 2, 3, 4], 1, 4, 1, 1, 1),
            ["weights"] = OnnxTensor.Create<float>("", [1f, 2, 0], 1, 3),
            ["timestep"] = OnnxTensor.Create<long>("", [3], 1),
        })["next_state"];
        Assert.Equal([7f, 14, 21, 28], next.ToArray<float>());
    }

    [Fact]
    public void Compose_ChannelsThatDoNotFit_NamesBothSides()
    {
        ModelFileException error = Assert.Throws<ModelFileException>(() => StepGraph.Compose(Transformer(), new StepGraphOptions { Channels = new([new(ChannelKind.Noisy, 4)]) }));

        Assert.Contains("hidden_states", error.Message, StringComparison.Ordinal);
        Assert.Contains("[1, 4, f, h, w]", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Compose_OptionsThatCannotBe_AreRefused()
    {
        Assert.Throws<ArgumentException>(() => StepGraph.Compose(Transformer(), new StepGraphOptions { Channels = Channels, Keep = 0 }));
        Assert.Throws<ArgumentException>(() => StepGraph.Compose(Transformer(), new StepGraphOptions { Channels = new([new(ChannelKind.Mask, 1)]) }));
    }

    private static OnnxModel Transformer() => OnnxModel.Load(RepositoryFolder.PathOf("tests", "Shared", "tiny-pack", "transformer", "model.onnx"));

    private static ImmutableDictionary<string, OnnxTensor> Conditions(int branches) => new Dictionary<string, OnnxTensor>(StringComparer.Ordinal)
    {
        ["mask"] = Numbers.Tensor(20, 1, 1, Frames, Height, Width),
        ["condition"] = Numbers.Tensor(21, 1, 4, Frames, Height, Width),
        ["encoder_hidden_states"] = Numbers.Tensor(22, branches, Tokens, 4),
        ["encoder_attention_mask"] = OnnxTensor.Create<long>("", [.. Enumerable.Repeat(1L, branches * Tokens)], branches, Tokens),
    }.ToImmutableDictionary();

    private static float[] Velocity(OnnxModel transformer, ReadOnlySpan<float> latents, SolverStep step, int branch)
    {
        ImmutableDictionary<string, OnnxTensor> conditions = Conditions(2);
        float[] hidden = [.. latents, .. conditions["mask"].ToArray<float>(), .. conditions["condition"].ToArray<float>()];
        float[] text = conditions["encoder_hidden_states"].ToArray<float>().AsSpan(branch * Tokens * 4, Tokens * 4).ToArray();
        return OnnxRun.Run(transformer, new Dictionary<string, OnnxTensor>(StringComparer.Ordinal)
        {
            ["hidden_states"] = OnnxTensor.Create<float>("", hidden, 1, 9, Frames, Height, Width),
            ["timestep"] = OnnxTensor.Create<float>("", [(float)step.Timestep], 1),
            ["encoder_hidden_states"] = OnnxTensor.Create<float>("", text, 1, Tokens, 4),
            ["encoder_attention_mask"] = OnnxTensor.Create<long>("", [.. Enumerable.Repeat(1L, Tokens)], 1, Tokens),
        })["out_hidden_states"].ToArray<float>();
    }
}
