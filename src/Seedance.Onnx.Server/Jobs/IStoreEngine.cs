using Microsoft.EntityFrameworkCore;

namespace Seedance.Onnx.Server.Jobs;

/// <summary>What differs between the databases that jobs can lie in.</summary>
internal interface IStoreEngine
{
    /// <summary>How many of one process may write at once.</summary>
    int Writers { get; }

    /// <summary>How many threads of the pool it keeps while it writes.</summary>
    int KeptThreads { get; }

    /// <summary>Says where the database is.</summary>
    void Configure(DbContextOptionsBuilder database);

    /// <summary>Makes the tables where there are none.</summary>
    /// <exception cref="HostSettingsException">The database cannot be opened, or another version of this program made the tables.</exception>
    /// <exception cref="System.Data.Common.DbException">It cannot be reached now, and perhaps later.</exception>
    Task OpenAsync(JobDatabase database, CancellationToken cancellationToken);

    /// <summary>Lets no other submission in, of any process, until the transaction ends.</summary>
    Task LockSubmissionsAsync(JobDatabase database, CancellationToken cancellationToken);

    /// <summary>Writes new rows, within the transaction.</summary>
    Task InsertAsync(JobDatabase database, IReadOnlyList<VideoJob> jobs, CancellationToken cancellationToken);
}
