using Seedance.Onnx.Sampling;

namespace Seedance.Onnx.Core.Tests.Sampling;

/// <summary>One run of a scheduler in golden/schedulers.json, and the model that it was made with.</summary>
public sealed record GoldenRun(string Name, int Steps, double[] Timesteps, double[] Sigmas, double[][] Trajectory)
{
    /// <summary>x_i = sin(1.7 i + 0.3), i = 0 … 7.</summary>
    public static float[] Start => [.. Enumerable.Range(0, 8).Select(i => (float)Math.Sin((1.7 * i) + 0.3))];

    /// <summary>The schedule and the solver that the run's name states.</summary>
    public (FlowSchedule Schedule, SolverPlan Plan) Rebuild()
    {
        double shift = double.Parse(Name.Split("shift=")[1].Split(' ')[0]);
        FlowSchedule schedule = Name.Split(' ')[0] switch
        {
            "flow_match_euler" => FlowSchedule.Shifted(Steps, shift),
            "unipc" => FlowSchedule.UniPC(Steps, shift),
            "dpmsolver++" => FlowSchedule.DpmSolver(Steps, shift),
            _ => throw new InvalidOperationException($"No scheduler for '{Name}'."),
        };
        SolverPlan plan = Name[0] switch
        {
            'f' => Solvers.Euler(schedule),
            'u' => Solvers.UniPC(schedule),
            _ => Solvers.DpmSolverPlusPlus(schedule),
        };
        return (schedule, plan);
    }

    /// <summary>v_i = 0.8 x_i cos(3 s) − sin(2 s + 0.1 i), s = timestep / 1000.</summary>
    public static void Velocity(ReadOnlySpan<float> latents, double timestep, Span<float> velocity)
    {
        double s = timestep / 1000;
        for (int i = 0; i < latents.Length; i++)
        {
            velocity[i] = (float)((0.8 * latents[i] * Math.Cos(3 * s)) - Math.Sin((2 * s) + (0.1 * i)));
        }
    }

    public override string ToString() => $"{Name}, {Steps} steps";
}
