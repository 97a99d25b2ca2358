namespace Seedance.Onnx.Packs;

/// <summary>How noise levels are spaced, by the diffusers scheduler that scheduler_config.json names.</summary>
public enum ScheduleSpacing
{
    /// <summary>FlowMatchEulerDiscreteScheduler.</summary>
    FlowMatchEuler,

    /// <summary>UniPCMultistepScheduler with flow sigmas.</summary>
    UniPC,

    /// <summary>DPMSolverMultistepScheduler with flow sigmas.</summary>
    DpmSolver,

    /// <summary>What diffusers calls timestep_spacing "trailing": no scheduler's own, but that of distilled transformers.</summary>
    Trailing,
}
