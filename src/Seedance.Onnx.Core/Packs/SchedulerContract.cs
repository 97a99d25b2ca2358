using Seedance.Onnx.Sampling;

namespace Seedance.Onnx.Packs;

/// <summary>The noise levels of a pack, from its scheduler/scheduler_config.json. Immutable.</summary>
public sealed record SchedulerContract
{
    /// <summary>How the levels are spaced. It belongs to the pack: another solver moves between the same levels.</summary>
    public required ScheduleSpacing Spacing { get; init; }

    /// <summary>T: timesteps of training; a timestep is σ · T.</summary>
    public required int TrainTimesteps { get; init; }

    /// <summary>The flow shift, above 0.</summary>
    public required double Shift { get; init; }

    /// <summary>The order of multistep solvers, 1 to 3; 2 if the file does not say.</summary>
    public required int SolverOrder { get; init; }

    /// <summary>Lays out the noise levels of a run.</summary>
    /// <param name="steps">N, at least 1.</param>
    /// <param name="shift">Another flow shift, above 0; the pack's if not specified.</param>
    /// <returns>The schedule.</returns>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
    public FlowSchedule CreateSchedule(int steps, double? shift = null) => Spacing switch
    {
        ScheduleSpacing.FlowMatchEuler => FlowSchedule.Shifted(steps, shift ?? Shift, TrainTimesteps),
        ScheduleSpacing.UniPC => FlowSchedule.UniPC(steps, shift ?? Shift, TrainTimesteps),
        ScheduleSpacing.Trailing => FlowSchedule.Trailing(steps, shift ?? Shift, TrainTimesteps),
        _ => FlowSchedule.DpmSolver(steps, shift ?? Shift, TrainTimesteps),
    };
}
